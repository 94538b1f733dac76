"""One offscreen application for all views; every test gets its own widgets and loses them after."""

import os
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from ui import theme
from ui.widgets.dress import dress

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def application() -> QApplication:
    present = QApplication.instance()
    return present if isinstance(present, QApplication) else QApplication(["tests"])


@pytest.fixture
def look(application: QApplication) -> Iterator[theme.Look]:
    """The desk's look; windows that a test leaves behind are removed."""
    desk = theme.Look()
    dress(application, desk)
    yield desk
    for widget in application.topLevelWidgets():
        widget.close()
        widget.deleteLater()
    application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
