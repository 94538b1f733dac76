"""The day goes on paper without a server, where a person said, and the audit knows whose did."""

import stat
from pathlib import Path

from app.domain.audit import Act
from tests.fakes.time_loop import until
from tests.story.clinic import Clinic
from ui.tone import Tone


async def test_it_is_saved_without_a_line_and_the_audit_says_of_whom(
    clinic: Clinic, tmp_path: Path
) -> None:
    first, second = clinic.books_a_visit(), clinic.books_a_visit()
    cart = await clinic.cart()
    await until(lambda: len(cart.services.worklist.state.value.rows) == 2)
    cart.network.cut()
    path = tmp_path / cart.models.day_sheet.name()
    cart.models.day_sheet.save(str(path))
    await until(lambda: cart.models.day_sheet.screen.message)
    assert cart.models.day_sheet.screen.message_tone is Tone.GOOD
    assert path.read_bytes().startswith(b"%PDF-")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await cart.network.heal()
    await until(lambda: len(clinic.server.audited(Act.DAY_SHEET_SAVED)) == 2)
    told = {event["patient"] for event in clinic.server.audited(Act.DAY_SHEET_SAVED)}
    assert told == {str(first.patient), str(second.patient)}


async def test_where_it_cannot_be_written_the_screen_says_so(
    clinic: Clinic, tmp_path: Path
) -> None:
    clinic.books_a_visit()
    cart = await clinic.cart()
    await until(lambda: cart.models.day_sheet.screen.can_save)
    cart.models.day_sheet.save(str(tmp_path / "none" / "sheet.pdf"))
    await until(lambda: cart.models.day_sheet.screen.message)
    assert cart.models.day_sheet.screen.message_tone is Tone.BAD


async def test_a_day_without_visits_has_no_sheet(clinic: Clinic) -> None:
    cart = await clinic.cart()
    await clinic.passes(5)
    assert not cart.models.day_sheet.screen.can_save
