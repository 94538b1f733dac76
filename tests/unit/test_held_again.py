"""A failure is forgiven to a machine that stood still, and to no other."""

import time

import pytest

from tests.whole import held_again
from tests.whole.held_again import TRIES, Standstills, held


async def test_what_fails_on_a_calm_machine_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_again, "STOOD_STILL_S", float("inf"))
    tries: list[int] = []

    async def once(number: int) -> None:
        tries.append(number)
        raise AssertionError("a picture that does not move")

    with pytest.raises(AssertionError, match="does not move"):
        await held(once)
    assert tries == [1]


async def test_where_the_machine_stood_still_it_is_held_again_three_times_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held_again, "STOOD_STILL_S", 0.0)
    tries: list[int] = []

    async def once(number: int) -> None:
        tries.append(number)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await held(once)
    assert tries == [*range(1, TRIES + 1)]

    async def at_the_second(number: int) -> None:
        assert number == 2

    await held(at_the_second)


def test_a_standstill_is_measured() -> None:
    """The interpreter's lock is kept by one long call, as a busy processor would be by others."""
    with Standstills() as standstills:
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            sum(range(3_000_000))
    assert standstills.longest_s > 0.01
