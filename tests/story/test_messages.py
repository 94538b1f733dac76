"""A talk in writing between two desks: over the call, over the server, and over whichever lives."""

from typing import Any

import pytest

from app.domain.audit import Act
from app.domain.call import Phase
from app.domain.changes import RecordType
from app.domain.ids import new_id
from app.services import direct_line
from app.services.direct_line import AGAIN_AFTER_S
from tests.fakes.engine import Wire
from tests.fakes.time_loop import until
from tests.server.given import PASSWORD
from tests.story.clinic import Booked, Clinic, Desk
from tests.story.test_calls import both_live, in_a_call, phase

OVER_THE_CALL = "over the call, not yet confirmed by the server"


def rows(desk: Desk) -> list[tuple[str, str]]:
    """(words, how far they came), oldest first."""
    return [
        (row.text, row.confirmation) for row in reversed(desk.models.visit.messages.screen.rows)
    ]


def words(desk: Desk) -> list[str]:
    return [text for text, _ in rows(desk)]


def how_far(desk: Desk) -> str:
    """Of the newest message."""
    shown = rows(desk)
    return shown[-1][1] if shown else ""


async def writes(desk: Desk, text: str) -> None:
    before = desk.models.visit.messages.screen.sent
    desk.models.visit.messages.send(text)
    await until(lambda: desk.models.visit.messages.screen.sent > before)


def looks(desk: Desk) -> None:
    """A person at the unlocked screen has all of it before them."""
    screen = desk.models.visit.messages.screen
    desk.models.visit.messages.seen(tuple(row.message for row in screen.rows if row.message))


def wire_of(desk: Desk) -> Wire:
    assert desk.engine.wire is not None
    return desk.engine.wire


def at_the_server(clinic: Clinic) -> list[str]:
    return [str(message["text"]) for message in clinic.at_the_server(RecordType.MESSAGE)]


def receipts_at_the_server(clinic: Clinic) -> list[Any]:
    return [receipt["kind"] for receipt in clinic.at_the_server(RecordType.RECEIPT)]


async def in_a_quiet_call(clinic: Clinic) -> tuple[Booked, Desk, Desk]:
    booked, cart, desk = await in_a_call(clinic)
    for one in (cart, desk):
        await one.everything_is_sent()
    return booked, cart, desk


async def test_it_is_there_within_a_second_and_once_and_its_sender_is_told(clinic: Clinic) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    await writes(cart, "She is ready.")
    await until(lambda: words(desk) == ["She is ready."], limit_s=1.0)
    await until(lambda: how_far(cart).startswith("delivered"))
    assert desk.models.visit.messages.screen.unread == "\u20681\u2069 new"
    for one in (cart, desk):
        await one.everything_is_sent()
    await until(lambda: rows(desk) == [("She is ready.", "confirmed by the server")])
    assert how_far(cart).startswith("delivered")
    assert "not yet" not in how_far(cart)
    looks(desk)
    await until(lambda: how_far(cart).startswith("read"))
    assert desk.models.visit.messages.screen.unread == ""
    await desk.everything_is_sent()
    assert receipts_at_the_server(clinic) == ["delivered", "read"]
    assert words(cart) == words(desk) == ["She is ready."]
    acts = (Act.MESSAGE_DELIVERED, Act.MESSAGE_READ)
    await until(lambda: all(len(clinic.server.audited(act)) == 2 for act in acts), limit_s=120)


async def test_the_call_carries_the_talk_while_the_server_is_away(clinic: Clinic) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    cart.network.cut()
    desk.network.cut()
    for one, text in ((cart, "first"), (desk, "second"), (cart, "third"), (desk, "fourth")):
        other = desk if one is cart else cart
        await writes(one, text)
        await until(lambda: words(other)[-1:] == [text], limit_s=1.0)  # noqa: B023  asked at once
    looks(cart)
    await until(lambda: how_far(desk).startswith("read"))
    assert how_far(desk).endswith(OVER_THE_CALL)
    told = ["first", "second", "third", "fourth"]
    assert words(cart) == words(desk) == told
    assert at_the_server(clinic) == []
    await until(lambda: "over the call" in desk.models.visit.messages.screen.way, limit_s=120)
    await cart.network.heal()
    await cart.everything_is_sent()
    assert at_the_server(clinic) == ["first", "third"]
    await desk.network.heal(repeating_the_last_push=True)
    await desk.everything_is_sent()
    await until(lambda: all("not yet" not in state for _, state in rows(cart)))
    assert sorted(at_the_server(clinic)) == sorted(told)
    assert words(cart) == words(desk) == told  # an answer never stands before its question
    assert desk.models.visit.messages.screen.way == ""


async def test_without_a_call_the_server_brings_it_and_the_receipts(clinic: Clinic) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    wire_of(desk).cut()
    await until(lambda: phase(desk) is Phase.REJOINING)
    await writes(desk, "Can you hear me?")
    await until(lambda: words(cart) == ["Can you hear me?"])
    await until(lambda: how_far(desk).startswith("delivered"))
    looks(cart)
    await until(lambda: how_far(desk).startswith("read"))
    assert phase(desk) is not Phase.LIVE


async def test_with_neither_it_is_kept_and_goes_by_the_call_when_that_comes_first(
    clinic: Clinic,
) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    wire_of(desk).cut()
    cart.network.cut()
    await until(lambda: phase(desk) is Phase.REJOINING)
    await writes(cart, "kept in the dark")
    await clinic.passes(20)
    assert rows(cart) == [("kept in the dark", "waits here, not yet confirmed by the server")]
    assert "kept here" in cart.models.visit.messages.screen.way
    assert words(desk) == []
    wire_of(desk).heal()
    desk.network.breaks_sockets()  # signalling comes again at both
    await cart.network.heal()
    await both_live(cart, desk)
    await until(lambda: words(desk) == ["kept in the dark"])
    await cart.everything_is_sent()
    assert at_the_server(clinic) == ["kept in the dark"]


async def test_with_neither_it_goes_by_the_server_when_that_comes_first(clinic: Clinic) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    wire_of(desk).cut()
    cart.network.cut()
    await writes(cart, "kept in the dark")
    await clinic.passes(20)
    await cart.network.heal(repeating_the_last_push=False)
    await until(lambda: words(desk) == ["kept in the dark"])
    assert phase(desk) is not Phase.LIVE
    assert at_the_server(clinic) == ["kept in the dark"]


async def test_what_was_heard_over_the_call_survives_a_crash_there(clinic: Clinic) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    cart.network.cut()
    desk.network.cut()
    await writes(cart, "heard, then the screen died")
    await until(lambda: words(desk) == ["heard, then the screen died"])
    await until(lambda: how_far(cart).startswith("delivered"))
    await desk.crashes()
    await desk.network.heal()
    await desk.starts()
    desk.models.lock.unlock(PASSWORD)
    await until(lambda: words(desk) == ["heard, then the screen died"])
    assert at_the_server(clinic) == []
    assert how_far(desk) == "not yet confirmed by the server"
    await cart.network.heal()
    await cart.everything_is_sent()
    await until(lambda: how_far(desk) == "confirmed by the server")
    assert words(desk) == ["heard, then the screen died"]
    await desk.everything_is_sent()
    assert receipts_at_the_server(clinic) == ["delivered"]


async def test_told_again_and_again_it_is_one_and_its_receipt_is_told_again(clinic: Clinic) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    cart.network.cut()
    desk.network.cut()
    await writes(cart, "once")
    await until(lambda: how_far(cart).startswith("delivered"))
    told = list(cart.engine.live_words("told"))
    before = desk.engine.count_of("send live")
    for _ in range(3):
        for word in told:
            await cart.engine.send_live(word)
        await clinic.passes(1)
    assert words(desk) == ["once"]
    assert desk.engine.count_of("send live") == before + 3
    assert words(cart) == ["once"]


async def test_a_word_that_was_lost_is_told_again(clinic: Clinic) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    cart.network.cut()
    desk.network.cut()
    wire_of(cart).is_cut = True  # and neither end has noticed yet
    await writes(cart, "lost at first")
    await clinic.passes(3)
    assert words(desk) == []
    wire_of(cart).is_cut = False
    await until(lambda: words(desk) == ["lost at first"], limit_s=2 * AGAIN_AFTER_S)


async def test_a_far_side_that_does_not_know_the_word_gets_it_from_the_server(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An earlier release: live words of a kind that it does not know mean nothing to it."""
    _, cart, desk = await in_a_quiet_call(clinic)
    monkeypatch.setattr(direct_line, "AGAIN_AFTER_S", 1.0)
    desk.services.direct_line.heard = lambda visit, payload: None  # type: ignore[method-assign]
    await desk.services.receipts.close()
    await writes(cart, "by the server alone")
    await until(lambda: words(desk) == ["by the server alone"])
    await until(lambda: how_far(cart) == "sent, confirmed by the server")
    await clinic.passes(200)
    assert how_far(cart) == "sent, confirmed by the server"
    assert cart.engine.live_words_besides("devices", "camera-lease") <= 6  # it is not told for ever


async def test_who_sits_there_writes_in_no_other_name(clinic: Clinic) -> None:
    clinic.expected_errors.append("told records refused")
    booked, cart, desk = await in_a_quiet_call(clinic)
    await writes(cart, "mine")
    await until(lambda: words(desk) == ["mine"])
    told = next(cart.engine.live_words("told"))
    again = {**told, "told": str(new_id())}  # by its own author it would be taken
    desk.services.direct_line.heard(booked.visit, again)
    await until(lambda: words(desk) == ["mine", "mine"])
    author = str(cart.services.acts.person.id)
    for other in (str(desk.services.acts.person.id), str(booked.visit)):
        forged = {**told, "text": str(told["text"]).replace(author, other)}
        forged["told"] = str(new_id())
        desk.services.direct_line.heard(booked.visit, forged)
    name = cart.services.acts.person.name
    text = str(told["text"]).replace(f'"{name}"', '"You"')
    assert text != told["text"]
    renamed = {**told, "told": str(new_id()), "text": text}
    desk.services.direct_line.heard(booked.visit, renamed)
    await clinic.passes(1)
    assert words(desk) == ["mine", "mine"]


async def test_a_new_link_is_told_at_once_what_the_old_one_may_have_lost(clinic: Clinic) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    await desk.services.receipts.close()  # it is never said there that it arrived
    await writes(cart, "told before")
    await until(lambda: words(desk) == ["told before"])
    before = cart.engine.live_words_besides("devices")
    wire_of(desk).cut()
    await until(lambda: Phase.REJOINING in (phase(cart), phase(desk)))
    wire_of(desk).heal()
    await both_live(cart, desk)
    await until(lambda: cart.engine.live_words_besides("devices") > before, limit_s=1.0)
    assert words(desk) == ["told before"]


async def test_behind_a_locked_screen_it_is_delivered_and_not_read(clinic: Clinic) -> None:
    _, cart, desk = await in_a_quiet_call(clinic)
    desk.models.status.lock()
    await writes(cart, "while it was locked")
    await until(lambda: how_far(cart).startswith("delivered"))
    await clinic.passes(30)
    assert how_far(cart).startswith("delivered")
