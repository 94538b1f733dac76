"""The nearest relay first, a dead one last, none once what was lent has ended."""

import asyncio
from typing import Any

import pytest

from app.domain.relays import Relay, RelayAccess, RelayTransport, relay_of
from media.rtc import relay_paths, relay_probe
from media.rtc.relay_choice import AVOID_S, RelayChoice
from media.rtc.relay_paths import ALLOCATE_LIMIT_S, NEXT_AFTER_S, RelayPaths
from media.rtc.relay_probe import is_answer, question
from tests.fakes.virtual_time import run

FAR, NEAR = "turn:far.example", "turn:near.example"
TCP, TLS = "turn:near.example?transport=tcp", "turns:near.example"


def access(*urls: str, lasts_s: int = 3600) -> RelayAccess:
    return RelayAccess(urls, "1:desk", "password", lasts_s)


def chosen(choice: RelayChoice, now: float = 0.0) -> list[str]:
    return [f"{relay.host[:4].rstrip('.')}-{relay.transport}" for relay in choice.best_first(now)]


def test_the_nearest_by_measure_and_datagrams_before_streams() -> None:
    choice = RelayChoice()
    choice.use(access(TLS, FAR, TCP, NEAR), now=0.0)
    assert len(chosen(choice)) == 4
    choice.answered(relay_of(FAR), 0.3)
    for url in (TLS, TCP, NEAR):
        choice.answered(relay_of(url), 0.05)
    assert chosen(choice) == ["near-udp", "near-tcp", "near-tls", "far-udp"]


def test_a_dead_one_is_avoided_for_a_while_and_is_better_than_none() -> None:
    choice = RelayChoice()
    choice.use(access(NEAR, FAR), now=0.0)
    choice.answered(relay_of(NEAR), 0.02)
    choice.answered(relay_of(FAR), 0.2)
    choice.silent(relay_of(NEAR), now=5.0)
    assert chosen(choice, 6.0) == ["far-udp", "near-udp"]
    assert chosen(choice, 5.0 + AVOID_S) == ["near-udp", "far-udp"]
    choice.silent(relay_of(NEAR), now=50.0)
    choice.answered(relay_of(NEAR), 0.02)
    assert chosen(choice, 51.0) == ["near-udp", "far-udp"]


def test_what_was_lent_ends_and_what_was_measured_stays() -> None:
    choice = RelayChoice()
    choice.use(access(FAR, NEAR, lasts_s=100), now=0.0)
    choice.answered(relay_of(FAR), 0.3)
    choice.answered(relay_of(NEAR), 0.05)
    assert chosen(choice, 100.0) == []
    choice.use(access(FAR, NEAR, TCP), now=200.0)
    assert chosen(choice, 200.0)[0] == "near-udp"
    choice.answered(Relay("other", 1, RelayTransport.UDP), 0.0)  # of an earlier list
    assert len(chosen(choice, 200.0)) == 3


def test_only_the_answer_to_our_own_question_counts() -> None:
    asked = question()
    answer = b"\x01\x01" + asked[2:]
    assert is_answer(answer, asked)
    assert not is_answer(asked, asked)
    assert not is_answer(b"\x01\x01" + question()[2:], asked)
    assert not is_answer(answer[:19], asked)
    assert not is_answer(answer + bytes(relay_probe.ANSWER_MOST_BYTES), asked)


def nobody() -> Any:
    raise AssertionError("the stand-in for stock asks for no protocol")


def test_the_next_relay_is_asked_while_the_first_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[float, str]] = []

    async def stock(*, turn_server: tuple[str, int], **_: Any) -> Any:
        now = asyncio.get_running_loop().time()
        asked.append((now, turn_server[0]))
        if turn_server[0].startswith("near"):
            await asyncio.sleep(60)
        await asyncio.sleep(0.1)
        return Lent(), None

    class Lent:
        pass

    async def story() -> None:
        paths = RelayPaths()
        paths._choice.use(access(NEAR, FAR), now=0.0)
        paths._choice.answered(relay_of(NEAR), 0.01)
        paths._choice.answered(relay_of(FAR), 0.2)
        lent, _ = await paths.allocate(
            component=1, hide_related_address=False, protocol_factory=nobody
        )
        now = asyncio.get_running_loop().time()
        assert vars(lent)["relay"] == relay_of(FAR)
        assert now == pytest.approx(NEXT_AFTER_S + 0.1)
        assert [host for _, host in asked] == ["near.example", "far.example"]
        assert paths._choice.best_first(now)[0] == relay_of(FAR)  # the silent one is avoided

    monkeypatch.setattr(relay_paths, "_stock", stock)
    run(story())


def test_a_description_does_not_wait_for_relays_that_are_all_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def stock(**_: Any) -> Any:
        await asyncio.sleep(60)

    async def story() -> float:
        paths = RelayPaths()
        paths._choice.use(access(NEAR, FAR), now=0.0)
        with pytest.raises(ConnectionError):
            await paths.allocate(component=1, hide_related_address=False, protocol_factory=nobody)
        return asyncio.get_running_loop().time()

    monkeypatch.setattr(relay_paths, "_stock", stock)
    assert run(story()) <= ALLOCATE_LIMIT_S + 0.01
