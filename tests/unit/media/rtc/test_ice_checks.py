"""When a check and a question for consent are asked again, in virtual time."""

import asyncio

import pytest
from aioice import stun

from media.rtc.ice_checks import PatientTransaction
from tests.fakes.virtual_time import run

ADDRESS = ("127.0.0.1", 9)


class Wire:
    """Notes when what was asked; answers at a given time."""

    def __init__(self) -> None:
        self.asked_at: list[float] = []

    def send_stun(self, message: stun.Message, addr: tuple[str, int]) -> None:
        self.asked_at.append(round(asyncio.get_running_loop().time(), 3))


def binding() -> stun.Message:
    return stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)


async def ask(
    *,
    retransmissions: int | None,
    key: bytes | None,
    answer_at_s: float | None = None,
    is_relay: bool = False,
) -> tuple[list[float], float, bool]:
    """(when asked, when ended, whether it was answered)."""
    wire = Wire()
    transaction = PatientTransaction(
        binding(),
        ADDRESS,
        wire,
        retransmissions=retransmissions,
        integrity_key=b"of the relay" if is_relay else key,
        long_term_credential=is_relay,
    )
    loop = asyncio.get_running_loop()
    if answer_at_s is not None:
        response = stun.Message(
            message_method=stun.Method.BINDING, message_class=stun.Class.RESPONSE
        )
        if key is not None:
            response.add_message_integrity(key)
            response = stun.parse_message(bytes(response))
        loop.call_later(answer_at_s, transaction.response_received, response, ADDRESS)
    try:
        await transaction.run()
    except stun.TransactionTimeout:
        return wire.asked_at, round(loop.time(), 3), False
    return wire.asked_at, round(loop.time(), 3), True


def test_a_check_is_asked_every_tenth_of_a_second_then_every_half_for_twenty_seconds() -> None:
    asked, ended, is_answered = run(ask(retransmissions=None, key=b"key"))
    assert not is_answered
    assert asked[:4] == pytest.approx([0, 0.1, 0.2, 0.3])
    assert len([at for at in asked if at < 1.99]) == 20
    assert asked[21] - asked[20] == pytest.approx(0.5)
    assert ended == pytest.approx(20, abs=0.6)


def test_consent_waits_four_seconds_and_is_asked_each_second() -> None:
    asked, ended, is_answered = run(ask(retransmissions=0, key=b"key"))
    assert (asked, ended, is_answered) == ([0, 1, 2, 3], 4, False)


def test_consent_at_a_round_trip_of_1200_ms_is_given() -> None:
    asked, ended, is_answered = run(ask(retransmissions=0, key=b"key", answer_at_s=1.2))
    assert (asked, ended, is_answered) == ([0, 1], 1.2, True)


def test_an_answered_check_is_not_asked_again() -> None:
    asked, _, is_answered = run(ask(retransmissions=None, key=b"key", answer_at_s=0.25))
    assert asked == pytest.approx([0, 0.1, 0.2])
    assert is_answered


@pytest.mark.parametrize("is_relay", [False, True])
def test_relays_and_stun_servers_are_asked_four_times_a_second_for_five(is_relay: bool) -> None:
    asked, ended, _ = run(ask(retransmissions=None, key=None, is_relay=is_relay))
    assert asked == pytest.approx([number / 4 for number in range(20)])
    assert ended == 5


@pytest.mark.parametrize(("lasts_s", "limit_s"), [(600, 30.0), (0, 5.0)])
def test_what_a_relay_lent_outlives_an_outage_and_is_given_back_soon(
    lasts_s: int, limit_s: float
) -> None:
    async def refresh() -> tuple[float, int]:
        wire = Wire()
        request = stun.Message(message_method=stun.Method.REFRESH, message_class=stun.Class.REQUEST)
        request.attributes["LIFETIME"] = lasts_s
        transaction = PatientTransaction(
            request, ADDRESS, wire, integrity_key=b"of the relay", long_term_credential=True
        )
        with pytest.raises(stun.TransactionTimeout):
            await transaction.run()
        return asyncio.get_running_loop().time(), len(wire.asked_at)

    ended_s, asked = run(refresh())
    assert ended_s == pytest.approx(limit_s, abs=0.5)
    assert asked == pytest.approx(4 * limit_s, abs=2)
