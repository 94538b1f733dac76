"""A call without a picture is a call, and of two links the one that was whole counts."""

from types import SimpleNamespace
from typing import cast

import pytest

from app.services.call import TRY_AGAIN_S
from bench.call import pair as pair_module
from bench.call.facts import NEVER_S
from bench.call.pair import End, Joined, OnTold, Pair, Word, soonest_s


def test_whichever_link_was_whole_first_counts() -> None:
    given_up, second = {0: 11.0}, {0: 15.2, 1: 15.5}
    assert soonest_s([given_up, second], 10.0) == 5.5
    assert soonest_s([{0: 10.4, 1: 10.5}, second], 10.0) == 0.5
    assert soonest_s([given_up], 10.0) == NEVER_S


def has_been_up(up_at: dict[int, float]) -> bool:
    pair = Pair(lambda side, on_told: cast(End, None))
    pair.links["a"] = Joined(10.0, (0, 1), up_at)
    return pair.has_been_up


def test_a_call_without_a_picture_is_one_all_the_same() -> None:
    assert not has_been_up({})
    assert not has_been_up({1: 10.4})
    assert has_been_up({0: 10.4, 1: 10.5})


class Quiet:
    """An end that is made to connect and does nothing."""

    def __init__(self, on_told: OnTold) -> None:
        self.on_told, self.links, self.heard = on_told, list[str](), list[Word]()

    def connect(self, link: str, *, is_offerer: bool) -> None:
        self.links.append(link)

    def signal(self, link: str, payload: Word) -> None:
        self.heard.append(payload)


async def test_a_link_is_made_anew_as_patiently_as_the_product_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(pair_module, "time", SimpleNamespace(monotonic=lambda: now))
    pair = Pair(lambda side, on_told: cast(End, Quiet(on_told)))
    ends = [cast(Quiet, end) for end in pair.ends]
    assert await pair.join(0) is None
    pair._look(100 + TRY_AGAIN_S[0] - 0.1)
    assert len(ends[0].links) == 1
    now = 103.0  # answered: the patience begins anew
    ends[1].on_told({"told": "signal", "link": ends[1].links[0], "payload": {"type": "answer"}})
    assert ends[0].heard == [{"type": "answer"}]
    pair._look(103 + TRY_AGAIN_S[0] - 0.1)
    assert len(ends[0].links) == 1
    now = 108.0
    pair._look(now)
    assert len(ends[0].links) == len(ends[1].links) == 2
    pair._look(108 + TRY_AGAIN_S[1] - 0.1)
    assert len(ends[0].links) == 2
    pair._look(108 + TRY_AGAIN_S[1])
    assert len(ends[0].links) == 3
    ends[0].on_told({"told": "lost", "link": ends[0].links[-1], "at": now})
    assert len(ends[0].links) == 4
