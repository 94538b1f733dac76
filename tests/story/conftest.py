"""A clinic for each story, on a loop whose waiting costs nothing."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from app.runtime import loop_watch
from app.services import sign_in
from server.database import Database
from tests.fakes.time_loop import TimeLoop
from tests.story.clinic import Clinic, clinic_in

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"no waiting": TimeLoop}


@pytest.fixture(scope="session")
def application() -> QApplication:
    present = QApplication.instance()
    return present if isinstance(present, QApplication) else QApplication(["tests"])


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting while the server's writer works, and no cost that these stories do not look at."""
    write_each = Database.write_each

    async def in_real_time(self: Database, works: Any) -> Any:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, TimeLoop)
        with loop.in_real_time():
            return await write_each(self, works)

    monkeypatch.setattr(Database, "write_each", in_real_time)
    monkeypatch.setattr(loop_watch, "LOOK_EVERY_S", 3600.0)
    monkeypatch.setattr(sign_in, "SCRYPT_N", 2**4)


@pytest.fixture
async def clinic(
    quick_folder: Path,
    application: QApplication,
    _quick: None,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Clinic]:
    async with clinic_in(quick_folder) as opened:
        yield opened
    assert opened.defects == []
    unforeseen = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in unforeseen if not opened.expects(record)] == []
