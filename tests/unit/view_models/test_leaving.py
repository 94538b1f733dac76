"""Closing the window: where nothing is kept here, what is unsent is sent, or asked about."""

from collections.abc import AsyncIterator

import pytest
from PySide6.QtWidgets import QApplication

from app.domain.access import Role
from app.domain.changes import RecordType
from tests.fakes.time_loop import until
from tests.unit.services.given import desk_on_fakes
from tests.unit.view_models.given import Screens, screens_of


@pytest.fixture
async def forgetful(application: QApplication) -> AsyncIterator[Screens]:
    """A workstation without a keyring: its store is in memory only."""
    async with (
        desk_on_fakes(Role.CLINICIAN, is_kept=False) as desk,
        screens_of(desk, Role.CLINICIAN) as screens,
    ):
        yield screens


def leavings(screens: Screens) -> list[str]:
    left: list[str] = []
    screens.window.wants_to_leave.connect(lambda: left.append("left"))
    screens.window.wants_to_restart.connect(lambda: left.append("restarted"))
    return left


async def test_where_nothing_is_kept_what_is_unsent_is_sent_before_leaving(
    forgetful: Screens,
) -> None:
    left = leavings(forgetful)
    await forgetful.sign_in_person()
    await forgetful.open_chart()
    forgetful.notes.keep("lost with the window")
    await until(lambda: forgetful.unsent.screen.rows)
    forgetful.window.leave()
    await until(lambda: left)
    assert forgetful.desk.server.of_type(RecordType.NOTE)
    assert forgetful.window.screen.question == ""


async def test_where_nothing_is_kept_leaving_asks_when_it_cannot_be_sent(
    forgetful: Screens,
) -> None:
    left = leavings(forgetful)
    await forgetful.sign_in_person()
    forgetful.desk.server.goes_away()
    await forgetful.open_chart()
    forgetful.notes.keep("lost with the window")
    await until(lambda: forgetful.unsent.screen.rows)
    forgetful.window.leave()
    await until(lambda: forgetful.window.screen.question)
    assert "1" in forgetful.window.screen.question and not left
    forgetful.window.stay()
    assert forgetful.window.screen.question == "" and not left
    forgetful.window.leave()
    await until(lambda: forgetful.window.screen.question)
    forgetful.window.leave_all_the_same()
    assert left == ["left"]
    forgetful.window.stay()
    forgetful.window.restart()
    await until(lambda: forgetful.window.screen.question)
    forgetful.window.leave_all_the_same()
    assert left == ["left", "restarted"]


async def test_where_all_is_kept_leaving_asks_nothing(doctor: Screens) -> None:
    left = leavings(doctor)
    doctor.desk.server.goes_away()
    await doctor.open_chart()
    doctor.notes.keep("kept here")
    await until(lambda: doctor.unsent.screen.rows)
    doctor.window.leave()
    doctor.window.restart()
    assert left == ["left", "restarted"]
