"""Body sounds over an emulated line: how late they are heard, what is missing, what it costs.

Two whole media processes but for screens and cameras; needs root for the line.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import numpy as np

from bench.call.line_model import Shape
from bench.call.link import Link, NoRoot
from bench.devices.amount import Amount
from bench.devices.scope_call import (
    RATE_HZ,
    Samples,
    ScopeCall,
    ScopeProcess,
    Word,
    scope_call,
)
from bench.devices.scope_end import HEARD
from bench.rows import Row, not_measured, p95_row, rounded, spread_of
from media.auscultation.wav import samples_of

WATCH_S, QUICK_WATCH_S = 120.0, 40.0
LONG_WATCH_S = 600.0
HOLE_S = 0.04
NEVER_MS = 60_000.0  # for a piece that was not heard live
# REST: the call alone before and after, to know what the sound costs besides
SETTLE_S, REST_S = 8.0, 20.0
PROOF_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Cell:
    name: str
    shape: Shape
    delay_goal: str
    cut: tuple[float, float] | None = None  # share of the time until the line goes, seconds
    watch_s: float = WATCH_S


CELLS = (
    Cell("clean line, RTT 20", Shape(delay_ms=10), "<= 150"),
    Cell("10 % loss, RTT 300", Shape(loss=0.10, delay_ms=150), "<= 600", watch_s=LONG_WATCH_S),
    Cell("10 % loss, RTT 300, 8 s without a line", Shape(0.10, delay_ms=150), "<= 600", (0.4, 8.0)),
)


@dataclass(slots=True)
class Found:
    delays_ms: list[float] = field(default_factory=list)
    shown_ms: list[float] = field(default_factory=list)
    ways: set[str] = field(default_factory=set)
    wrong_chunks: int = 0  # what was heard and is not what the instrument gave
    holes_s: float = 0.0
    missing_samples: int = 0
    is_same_hash: bool = False
    is_what_was_given: bool = False
    proof_s: float = 0.0
    cpu_percent: tuple[float, float] = (0.0, 0.0)


async def measured(link: Link, cell: Cell, watch_s: float, seed: int) -> Found:
    """A call, then a recording in it, then what both ends made of it."""
    async with scope_call(link, cell.shape, watch_s, seed) as call:
        return await _recorded(link, call, cell, watch_s)


async def _recorded(link: Link, call: ScopeCall, cell: Cell, watch_s: float) -> Found:
    far, cart, given = call.far, call.cart, call.given
    await asyncio.sleep(SETTLE_S)
    rest = await _cpu_over((far, cart), min(REST_S, watch_s))
    recording = str(uuid4())
    if cell.cut is not None:
        share, cut_s = cell.cut
        steps = ((share * watch_s, Shape(is_cut=True)), (share * watch_s + cut_s, cell.shape))
        await link.plan((steps, steps))
    cart.say({"do": "record", "recording": recording})
    busy = await _cpu_over((far, cart), watch_s)
    cart.say({"do": "stop", "recording": recording})
    ours = await cart.told("file", PROOF_LIMIT_S)
    began = asyncio.get_running_loop().time()
    theirs = await far.told("file", PROOF_LIMIT_S)
    proof = await cart.told("proof", PROOF_LIMIT_S)
    found = Found(proof_s=asyncio.get_running_loop().time() - began)
    after = await _cpu_over((far, cart), min(REST_S, watch_s))
    await far.write(Path())
    await cart.write(Path())
    _compare(found, given, Path(ours["path"]), Path(theirs["path"]), proof)
    _listen_again(found, given, far.heard_path, ours["began_at"])
    found.shown_ms = [word["delay_ms"] for word in far.shown]
    found.ways = {word["way"] for word in far.shown}
    found.cpu_percent = (
        round(100 * (busy[0] - (rest[0] + after[0]) / 2), 2),
        round(100 * (busy[1] - (rest[1] + after[1]) / 2), 2),
    )
    return found


async def _cpu_over(ends: tuple[ScopeProcess, ScopeProcess], seconds: float) -> tuple[float, float]:
    """Shares of one core."""
    before = [end.cpu_s()["peer"] for end in ends]
    await asyncio.sleep(seconds)
    after = [end.cpu_s()["peer"] for end in ends]
    return (after[0] - before[0]) / seconds, (after[1] - before[1]) / seconds


def _compare(found: Found, given: Samples, ours: Path, theirs: Path, proof: Word) -> None:
    kept, arrived = ours.read_bytes(), theirs.read_bytes()
    kept_samples = np.frombuffer(samples_of(kept)[0], dtype="<i2")
    arrived_samples = np.frombuffer(samples_of(arrived)[0], dtype="<i2")
    both = min(len(kept_samples), len(arrived_samples))
    wrong = int(np.count_nonzero(kept_samples[:both] != arrived_samples[:both]))
    found.missing_samples = wrong + len(kept_samples) - both
    found.is_what_was_given = bool(np.array_equal(kept_samples, given[: len(kept_samples)]))
    found.is_same_hash = proof["matches"] and kept == arrived


def _listen_again(found: Found, given: Samples, path: Path, began_at: float) -> None:
    """Each piece as it was handed to the far ears, against what lay in the file there."""
    data, at = path.read_bytes(), 0
    while at + HEARD.size <= len(data):
        now, at_s, rate_hz, size = HEARD.unpack_from(data, at)
        at += HEARD.size
        samples = np.frombuffer(data[at : at + size], dtype="<i2")
        at += size
        if not size:
            found.holes_s += HOLE_S
            found.delays_ms.append(NEVER_MS)
            continue
        first = round(at_s * RATE_HZ)
        if rate_hz == RATE_HZ and not np.array_equal(samples, given[first : first + len(samples)]):
            found.wrong_chunks += 1
        found.delays_ms.append((now - began_at - at_s) * 1000)


def rows_of(cell: Cell, found: Found, note: str) -> list[Row]:
    name = f"auscultation, {cell.name}"
    ways = ", ".join(sorted(found.ways))
    heard = f"{note}; live: {ways}; holes {found.holes_s:.1f} s; wrong pieces {found.wrong_chunks}"
    shown = spread_of(found.shown_ms)
    count = len(found.delays_ms)

    def one(measure: str, unit: str, value: float, goal: str | None) -> Row:
        return Row(f"{name}: {measure}", unit, rounded(value), 1, {}, note, goal)

    return [
        p95_row(
            f"{name}: live delay p95",
            "ms",
            found.delays_ms,
            f"{heard}; from the first sample of a piece at the instrument until it is handed to "
            "ear and curve at the far end, block and waiting included; a hole counts as "
            f"{NEVER_MS:g} ms; shown there: {shown}",
            cell.delay_goal,
        ),
        one("not heard live", "s", found.holes_s, None),
        one("samples missing or wrong", "samples", found.missing_samples, "== 0"),
        one("same hash at both ends, and what the file held", "", float(
            found.is_same_hash and found.is_what_was_given and not found.wrong_chunks
        ), "== 1"),
        one("until proven after the end", "s", found.proof_s, None),
        Row(
            f"{name}: processor, the worse side",
            "% of one core",
            rounded(max(found.cpu_percent)),
            count,
            {"far": found.cpu_percent[0], "cart": found.cpu_percent[1]},
            f"{note}; above the same call without a recording; filter, spectrum, heart rate on"
            + ("; what the call itself does when its line comes back is in it" if cell.cut else ""),
            "<= 3",
        ),
    ]  # fmt: skip


def rows(amount: Amount) -> Iterator[Row]:
    """What `python -m bench.devices` asks for."""
    try:
        yield from asyncio.run(_all_rows(CELLS, is_quick=amount.is_quick))
    except NoRoot:
        reason = "only root can make network namespaces"
        for cell in CELLS:
            measure = f"auscultation, {cell.name}: live delay p95"
            yield not_measured(measure, "ms", cell.delay_goal, reason)


async def _all_rows(cells: tuple[Cell, ...], *, is_quick: bool) -> list[Row]:
    made = []
    async with Link() as link:
        for number, cell in enumerate(cells):
            watch_s = QUICK_WATCH_S if is_quick else cell.watch_s
            found = await measured(link, cell, watch_s, seed=11 + number)
            made += rows_of(cell, found, f"{watch_s:g} s, load {os.getloadavg()[0]:.1f}")
    return made
