"""Files make room for a call: on a virtual clock."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from app.domain.call import Phase
from app.domain.engine import LadderTold
from app.domain.ladder import Reason, Stand, Step, Wants
from app.runtime.broadcast import Broadcast
from app.services.call import CallState
from app.services.upload_pace import PIECE_BYTES, UploadPace

FILE = bytes(range(256)) * 400  # 100 KiB


def on_a_line_of(carries_bit_s: int | None) -> CallState:
    since = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    own = Stand(Step.VOICE, Reason.SLOW, since, carries_bit_s)
    return CallState(phase=Phase.LIVE, ladder=LadderTold(own, None, Wants(), None))


async def sent(call: Broadcast[CallState]) -> list[tuple[float, bytes]]:
    now = asyncio.get_running_loop().time
    began = now()
    return [(now() - began, piece) async for piece in UploadPace(call).pieces(FILE)]


async def test_without_a_call_it_goes_at_once() -> None:
    pieces = await sent(Broadcast(CallState()))
    assert pieces[-1][0] < 1.0
    assert b"".join(piece for _, piece in pieces) == FILE


@pytest.mark.parametrize(
    ("carries_bit_s", "bit_s"),
    [(None, 33_000), (64_000, 33_000), (800_000, 100_000), (2_000_000, 750_000)],
)
async def test_beside_a_call_it_takes_a_share_and_ends(
    carries_bit_s: int | None, bit_s: int
) -> None:
    pieces = await sent(Broadcast(on_a_line_of(carries_bit_s)))
    assert b"".join(piece for _, piece in pieces) == FILE
    assert max(len(piece) for _, piece in pieces) <= PIECE_BYTES
    before_last = sum(len(piece) for _, piece in pieces[:-1]) * 8
    assert pieces[-1][0] == pytest.approx(before_last / bit_s, rel=0.02)


async def test_what_stood_still_is_not_made_good_by_a_burst() -> None:
    now = asyncio.get_running_loop().time
    times = []
    async for piece in UploadPace(Broadcast(on_a_line_of(None))).pieces(FILE):
        times.append(now())
        if len(times) == 5:
            await asyncio.sleep(30)  # the line took nothing
        assert len(piece) <= PIECE_BYTES
    pauses = [later - earlier for earlier, later in pairwise(times[5:])]
    assert min(pauses) > 0.9 * PIECE_BYTES * 8 / 33_000


async def test_a_call_that_begins_or_ends_meanwhile_is_heeded() -> None:
    call = Broadcast(on_a_line_of(None))
    taken = 0
    async for piece in UploadPace(call).pieces(FILE):
        taken += 1
        assert len(piece) <= PIECE_BYTES or taken > 3
        if taken == 3:
            call.tell(replace(call.value, phase=Phase.ENDED))
    assert taken < 10
