"""View models on the services of a desk, without a window, on a loop that does not wait."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable

import pytest
from PySide6.QtWidgets import QApplication

from app.domain.access import Role
from app.services import sign_in
from tests.fakes.time_loop import TimeLoop
from tests.unit.services.given import desk_on_fakes
from tests.unit.view_models.given import Screens, screens_of

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"no waiting": TimeLoop}


@pytest.fixture(scope="session")
def application() -> QApplication:
    """Timers need one; nothing is drawn."""
    present = QApplication.instance()
    return present if isinstance(present, QApplication) else QApplication(["tests"])


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "SCRYPT_N", 2**4)


@pytest.fixture
async def doctor(application: QApplication) -> AsyncIterator[Screens]:
    async with (
        desk_on_fakes(Role.CLINICIAN, has_cuff=False) as desk,
        screens_of(desk, Role.CLINICIAN) as screens,
    ):
        yield screens


@pytest.fixture
async def cart(application: QApplication) -> AsyncIterator[Screens]:
    async with desk_on_fakes(Role.PRESENTER) as desk, screens_of(desk, Role.PRESENTER) as screens:
        yield screens
