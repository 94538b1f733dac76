"""Readings and notes of an outage: the call tells them, the far desk keeps them, the server rules.

What stands there unconfirmed is the server's as soon as it comes, and never stands there twice.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from app.domain.changes import ChangeResult, Outcome, RecordType
from app.domain.failures import Code
from app.domain.ids import new_id
from app.services import direct_line
from app.services.direct_line import AGAIN_AFTER_S, AGAIN_MOST
from tests.fakes.time_loop import until
from tests.server.given import PASSWORD
from tests.story.clinic import Booked, Clinic, Desk
from tests.story.test_calls import both_live
from tests.story.test_messages import in_a_quiet_call, wire_of, words, writes

CONFIRMED = "confirmed by the server"
NOT_CONFIRMED = "not yet confirmed by the server"
NOTE = RecordType.NOTE
READING = RecordType.READING

Word = dict[str, Any]


async def with_no_server(clinic: Clinic) -> tuple[Booked, Desk, Desk]:
    """A call that runs, and no server for either."""
    booked, cart, desk = await in_a_quiet_call(clinic)
    for one in (cart, desk):
        one.network.cut()
    return booked, cart, desk


def told_of(desk: Desk, kind: RecordType) -> list[Word]:
    """The words of that kind of record that this desk has told, each whole in one part."""
    told = desk.engine.live_words("told")
    return [word for word in told if json.loads(word["text"])["type"] == kind]


def changed(word: Word, change: Callable[[Word], None]) -> Word:
    """The same as another record, with something else in it."""
    said = json.loads(word["text"])
    change(said)
    return {**word, "told": str(new_id()), "text": json.dumps(said)}


def quick_words(desk: Desk) -> list[Word]:
    return list(desk.engine.live_words("reading"))


def pressures(desk: Desk) -> list[str]:
    """What of each stands in the list, and whether it is confirmed; newest first."""
    rows = desk.models.visit.vitals.screen.readings
    return [f"{row.spoken.split(',')[0]}: {row.confirmation}" for row in rows]


async def test_a_reading_kept_in_an_outage_is_at_once_at_the_far_desk_and_once_at_the_server(
    clinic: Clinic,
) -> None:
    _, cart, desk = await with_no_server(clinic)
    await cart.keeps_pressure(143, 87)
    await until(lambda: len(pressures(desk)) == 1, limit_s=1.0)
    [seen] = pressures(desk)
    assert "143 over 87" in seen and NOT_CONFIRMED in seen
    assert clinic.at_the_server(READING) == []
    await desk.network.heal()
    await clinic.passes(30)
    assert pressures(desk) == [seen]
    await cart.network.heal(repeating_the_last_push=True)
    await cart.everything_is_sent()
    await until(lambda: NOT_CONFIRMED not in str(pressures(desk)))
    [seen] = pressures(desk)
    assert "143 over 87" in seen and CONFIRMED in seen
    assert len(clinic.at_the_server(READING)) == 1


async def test_notes_of_an_outage_stand_at_both_desks_and_become_the_servers(
    clinic: Clinic,
) -> None:
    _, cart, desk = await with_no_server(clinic)
    await cart.keeps_note("from the cart")
    await until(lambda: desk.notes() == [("from the cart", NOT_CONFIRMED)], limit_s=1.0)
    await desk.keeps_note("from the clinician")
    both = [("from the clinician", NOT_CONFIRMED), ("from the cart", NOT_CONFIRMED)]
    await until(lambda: cart.notes() == both, limit_s=1.0)
    assert desk.notes() == both
    assert "by The presenter" in desk.models.visit.notes.screen.rows[1].spoken
    assert clinic.at_the_server(NOTE) == []
    for one in (cart, desk):
        await one.network.heal()
        await one.everything_is_sent()
    confirmed = sorted((text, CONFIRMED) for text, _ in both)
    for one in (cart, desk):
        await until(lambda: sorted(one.notes()) == confirmed)  # noqa: B023  asked at once
    assert len(clinic.at_the_server(NOTE)) == 2


async def test_messages_go_before_readings_and_those_before_notes(clinic: Clinic) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    await cart.services.sync.close()
    wire_of(cart).is_cut = True
    await cart.keeps_note("last")
    await cart.keeps_pressure(143, 87)
    await writes(cart, "first")
    wire_of(cart).cut()
    wire_of(cart).heal()
    before = len(list(cart.engine.live_words("told")))
    await both_live(cart, desk)
    await until(lambda: desk.notes() and pressures(desk) and words(desk))
    told = list(cart.engine.live_words("told"))[before:]
    kinds = [json.loads(word["text"])["type"] for word in told]
    assert [kind for kind in kinds if kind != "receipt"] == ["message", "reading", "note"]


async def test_what_was_heard_survives_a_crash_there_and_gives_way_to_the_servers(
    clinic: Clinic,
) -> None:
    _, cart, desk = await with_no_server(clinic)
    await cart.keeps_pressure(143, 87)
    await cart.keeps_note("heard, then the screen died")
    await until(lambda: pressures(desk) and desk.notes())
    await desk.crashes()
    await desk.starts()
    desk.models.lock.unlock(PASSWORD)
    await until(lambda: pressures(desk) and desk.notes())
    assert desk.notes() == [("heard, then the screen died", NOT_CONFIRMED)]
    assert len(pressures(desk)) == 1 and NOT_CONFIRMED in pressures(desk)[0]
    await cart.keeps_note("after it")  # and no server has said who sits there
    await cart.keeps_pressure(139, 85)
    await until(lambda: len(desk.notes()) == len(pressures(desk)) == 2)
    for one in (desk, cart):
        await one.network.heal()
        await one.everything_is_sent()
    texts = ["after it", "heard, then the screen died"]
    await until(lambda: desk.notes() == [(text, CONFIRMED) for text in texts])
    await until(lambda: NOT_CONFIRMED not in str(pressures(desk)))
    assert len(pressures(desk)) == 2


async def test_told_again_and_again_it_is_one(clinic: Clinic) -> None:
    _, cart, desk = await with_no_server(clinic)
    await cart.keeps_pressure(143, 87)
    await cart.keeps_note("once")
    await until(lambda: pressures(desk) and desk.notes())
    told = [*cart.engine.live_words("told"), *quick_words(cart)]
    for _ in range(3):
        for word in told:
            await cart.engine.send_live(word)
        await clinic.passes(1)
    assert len(pressures(desk)) == len(desk.notes()) == 1
    for one in (cart, desk):
        await one.network.heal()
        await one.everything_is_sent()
    await until(lambda: desk.notes() == [("once", CONFIRMED)])
    for word in told:
        await cart.engine.send_live(word)
    await clinic.passes(1)
    assert desk.notes() == [("once", CONFIRMED)]
    assert len(pressures(desk)) == 1 and NOT_CONFIRMED not in pressures(desk)[0]


async def test_a_word_that_was_lost_is_told_again_and_not_for_ever(clinic: Clinic) -> None:
    _, cart, desk = await with_no_server(clinic)
    wire_of(cart).is_cut = True  # and neither end has noticed yet
    await cart.keeps_pressure(143, 87)
    await cart.keeps_note("lost at first")
    await clinic.passes(3)
    assert pressures(desk) == [] and desk.notes() == []
    wire_of(cart).is_cut = False
    await until(lambda: pressures(desk) and desk.notes(), limit_s=2 * AGAIN_AFTER_S)
    await clinic.passes(2**AGAIN_MOST * AGAIN_AFTER_S)
    assert len(told_of(cart, NOTE)) == len(told_of(cart, READING)) == AGAIN_MOST


async def test_a_new_link_is_told_what_the_old_one_lost_until_the_server_has_it(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct_line, "AGAIN_AFTER_S", 10_000.0)
    _, cart, desk = await in_a_quiet_call(clinic)
    await cart.services.sync.close()  # nothing goes to the server; rooms and links do
    wire_of(cart).is_cut = True
    await cart.keeps_pressure(143, 87)
    await cart.keeps_note("lost with the link")
    await clinic.passes(3)
    assert pressures(desk) == [] and desk.notes() == []
    wire_of(cart).cut()
    wire_of(cart).heal()
    await both_live(cart, desk)
    await until(lambda: pressures(desk) and desk.notes(), limit_s=2.0)
    assert desk.notes() == [("lost with the link", NOT_CONFIRMED)]


async def test_what_the_server_has_is_told_no_more(clinic: Clinic) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    await cart.keeps_pressure(143, 87)
    await cart.keeps_note("confirmed in a moment")
    await cart.everything_is_sent()
    await until(lambda: desk.notes() == [("confirmed in a moment", CONFIRMED)])
    told = len(list(cart.engine.live_words("told")))
    wire_of(desk).cut()
    wire_of(desk).heal()
    await both_live(cart, desk)
    await clinic.passes(3 * AGAIN_AFTER_S)
    assert len(list(cart.engine.live_words("told"))) == told


async def test_what_the_server_refused_is_told_to_nobody(clinic: Clinic) -> None:
    _, cart, desk = await with_no_server(clinic)
    wire_of(cart).is_cut = True
    await cart.keeps_pressure(143, 87)
    await cart.keeps_note("refused")
    await clinic.passes(1)

    def refuse_all(unit: Any) -> None:
        for item in unit.outbox.all():
            no = ChangeResult(item.change.id, Outcome.REFUSED, Code.NOT_ALLOWED)
            unit.outbox.settle(no)

    await cart.services.acts.do(refuse_all)
    told = len(list(cart.engine.live_words("told")))
    wire_of(cart).is_cut = False
    await clinic.passes(3 * AGAIN_AFTER_S)
    assert len(list(cart.engine.live_words("told"))) == told
    assert pressures(desk) == [] and desk.notes() == []


def of_another_patient(said: Word) -> None:
    said["patient"] = said["fields"]["patient"] = str(new_id())


def of_another_patient_inside(said: Word) -> None:
    said["fields"]["patient"] = str(new_id())


def of_another_visit(said: Word) -> None:
    said["visit"] = said["fields"]["visit"] = str(new_id())


def by_somebody_else(said: Word) -> None:
    name = "author" if said["type"] == NOTE else "kept_by"
    said["fields"][name] = str(new_id())


def of_a_value_no_body_has(said: Word) -> None:
    if said["type"] == READING:
        said["fields"]["quantities"][0]["value"] = "301"
    else:
        said["fields"]["text"] = ""


FORGERIES = (
    of_another_patient,
    of_another_patient_inside,
    of_another_visit,
    by_somebody_else,
    of_a_value_no_body_has,
)


async def test_what_may_not_be_told_is_not_shown(clinic: Clinic) -> None:
    clinic.expected_errors.append("told records refused")
    _, cart, desk = await with_no_server(clinic)
    await cart.keeps_pressure(143, 87)
    await cart.keeps_note("mine")
    await until(lambda: pressures(desk) and desk.notes())
    told = [told_of(cart, kind)[0] for kind in (NOTE, READING)]
    for word in told:
        for forgery in FORGERIES:
            await cart.engine.send_live(changed(word, forgery))
    await clinic.passes(1)
    assert (len(desk.notes()), len(pressures(desk))) == (1, 1)
    for word in told:
        await cart.engine.send_live(changed(word, lambda said: None))
    await until(lambda: (len(desk.notes()), len(pressures(desk))) == (2, 2))


async def test_what_stands_here_already_is_not_written_over(clinic: Clinic) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    await cart.keeps_note("of the server")
    await cart.everything_is_sent()
    await until(lambda: desk.notes() == [("of the server", CONFIRMED)])
    desk.network.cut()
    await desk.keeps_note("of ours")
    cart.network.cut()
    await cart.keeps_note("heard")
    await until(lambda: len(desk.notes()) == 3)
    before = desk.notes()

    def rewritten(said: Word) -> None:
        said["fields"]["text"] = "written over"

    told = told_of(cart, NOTE)[-1]
    for note in desk.services.chart.state.value.notes:
        await cart.engine.send_live({**changed(told, rewritten), "told": str(note.id)})
    await clinic.passes(1)
    assert desk.notes() == before
