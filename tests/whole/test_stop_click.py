"""From a click on STOP to the abort byte on the wire: real widgets, models, services and a pty."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from app.domain.access import Role
from app.domain.device import DeviceKind
from app.services import sign_in
from peripherals.drivers.suntech.device import SUNTECH
from peripherals.monitor import InstrumentMonitor
from tests.fakes.time_loop import until
from tests.unit.services.given import desk_on_fakes
from tests.unit.view_models.given import Screens, screens_of
from tests.whole.cuff_emulator import CuffEmulator
from ui import theme
from ui.views.running_cuff import RunningCuffView
from ui.views.vitals import VitalsModels, VitalsView
from ui.widgets.dress import clothe, dress

pytestmark = pytest.mark.whole

CUFF = DeviceKind.BLOOD_PRESSURE_CUFF
ABORT_LIMIT_S = 0.1
WAIT_LIMIT_S = 12.0
TIMES = 3


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Iterator[theme.Look]:
    monkeypatch.setattr(sign_in, "SCRYPT_N", 2**4)
    present = QApplication.instance()
    # Not by the environment: the programs that other tests start would take it over.
    offscreen = ["tests", "-platform", "offscreen"]
    application = present if isinstance(present, QApplication) else QApplication(offscreen)
    cart = theme.Look(is_touch=True)
    dress(application, cart)
    yield cart
    application.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@asynccontextmanager
async def at_the_cart(port: str) -> AsyncIterator[Screens]:
    """A visit stands open, and the cuff on `port` is there."""
    async with (
        InstrumentMonitor(port, SUNTECH) as cuff,
        desk_on_fakes(Role.PRESENTER, instruments={CUFF: cuff}) as desk,
        screens_of(desk, Role.PRESENTER) as screens,
    ):
        await screens.open_chart()
        await until(lambda: screens.vitals.screen.can_start, WAIT_LIMIT_S)
        yield screens


def view_of(page: str, screens: Screens, look: theme.Look) -> tuple[QWidget, QPushButton]:
    if page == "visit":
        models = VitalsModels(screens.vitals, screens.bp_protocol, screens.news2, screens.tray)
        shown: QWidget = VitalsView(models, look)
        name = "cuff.stop"
    else:
        screens.window.show_unsent(True)
        shown, name = RunningCuffView(screens.running_cuff), "running-cuff.stop"
    clothe(shown, look)
    shown.show()
    buttons = shown.findChildren(QPushButton)
    return shown, next(one for one in buttons if one.accessibleIdentifier() == name)


@pytest.mark.parametrize("page", ["visit", "unsent"])
async def test_abort_is_on_the_wire_100_ms_after_the_click(
    page: str, tmp_path: Path, look: theme.Look
) -> None:
    delays_s = []
    async with CuffEmulator(tmp_path) as emulator, at_the_cart(emulator.port) as screens:
        shown, stop = view_of(page, screens, look)
        for _ in range(TIMES):
            aborts = len(emulator.times_of("abort"))
            screens.vitals.start()
            await until(lambda: screens.vitals.screen.live is not None, WAIT_LIMIT_S)
            assert stop.isVisible()
            clicked_s = time.monotonic()
            QTest.mouseClick(stop, Qt.MouseButton.LeftButton)
            await until(lambda: not screens.vitals.screen.is_running, WAIT_LIMIT_S)
            heard_s = await emulator.until_heard("abort", aborts + 1)
            delays_s.append(heard_s[aborts] - clicked_s)
            await emulator.until_resting()  # it lets the air out before it can be started again
            await until(lambda: screens.vitals.screen.can_start, WAIT_LIMIT_S)
            await asyncio.sleep(0)
        shown.close()
        shown.deleteLater()
    print(f"click to wire: {', '.join(f'{delay * 1000:.1f}' for delay in delays_s)} ms")
    assert max(delays_s) <= ABORT_LIMIT_S
