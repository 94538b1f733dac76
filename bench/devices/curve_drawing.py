"""What a frame of the curves of a body sound costs the screen, and how many it draws.

Two sweeps, curve and tones, at the pace of their own timer, in the size they have on a full screen;
beside a running call: pictures both ways and a recording that is heard at the far end.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from uuid import uuid4

from bench.call.clip import clip_of
from bench.call.line_model import Shape
from bench.call.link import Link, NoRoot
from bench.devices.amount import Amount
from bench.devices.scope_call import ScopeCall, scope_call
from bench.rows import Row, not_measured, p95_row, percentile, rounded, spread_of

SECONDS, QUICK_SECONDS = 60.0, 6.0
WIDTH, HEIGHT = 1200, 260
PICTURE = (640, 480, 30)
SETTLE_S, LIMIT_S = 8.0, 60.0
COST = ("auscultation, curve and tones: drawing of a frame, p95", "ms", "<= 1")
# Strips come thirty times a second: of two that are fetched at once one frame is made.
PACE = ("auscultation, curve and tones: frames drawn in a second", "1/s", ">= 29.5")


# The same frames without what other programs did meanwhile on the processor that drew.
WORK = ("auscultation, curve and tones: processor time of a frame, p95", "ms")


@dataclass(frozen=True, slots=True)
class Drawn:
    times_ms: list[float]
    work_ms: list[float]
    seconds: float


@dataclass(frozen=True, slots=True)
class Beside:
    """What the call did meanwhile: pictures a second, as each end told; words of the far sound."""

    pictures: list[float]
    heard: int

    @property
    def ran(self) -> bool:
        return self.heard > 0 and bool(self.pictures) and percentile(self.pictures, 50) > 0


def rows(amount: Amount) -> Iterator[Row]:
    seconds = QUICK_SECONDS if amount.is_quick else SECONDS
    try:
        drawn, beside = asyncio.run(_beside_a_call(seconds))
    except NoRoot:
        yield from _none("only root can make a line for the call beside it")
        return
    if not beside.ran:
        yield from _none("the call beside it stood still")
        return
    yield from rows_of(drawn, beside)


def rows_of(drawn: Drawn, beside: Beside) -> Iterator[Row]:
    width, height, rate = PICTURE
    note = (
        f"{drawn.seconds:.0f} s, both {WIDTH} x {HEIGHT}, paint included, load "
        f"{os.getloadavg()[0]:.1f}; beside two whole media processes in a call: cameras of "
        f"{width} x {height} at {rate}/s, pictures received a second "
        f"{spread_of(beside.pictures)}, and a "
        f"recording that runs and is heard at the far end"
    )
    measure, unit, goal = COST
    yield p95_row(measure, unit, drawn.times_ms, note, goal)
    yield p95_row(*WORK, drawn.work_ms, note)
    measure, unit, goal = PACE
    pace, count = rounded(len(drawn.times_ms) / drawn.seconds), len(drawn.times_ms)
    yield Row(measure, unit, pace, count, {}, note, goal)


def _none(reason: str) -> Iterator[Row]:
    for measure, unit, goal in (COST, (*WORK, None), PACE):
        yield not_measured(measure, unit, goal, reason)


async def _beside_a_call(seconds: float) -> tuple[Drawn, Beside]:
    film = clip_of(*PICTURE).path
    async with Link() as link, scope_call(link, Shape(delay_ms=10), seconds + 90, 7, film) as call:
        call.cart.say({"do": "record", "recording": str(uuid4())})
        await asyncio.sleep(SETTLE_S)
        return await _drawn_beside(call, seconds)


async def _drawn_beside(call: ScopeCall, seconds: float) -> tuple[Drawn, Beside]:
    ends = (call.far, call.cart)
    before = [len(end.pictures) for end in ends]
    heard_before = len(call.far.shown)
    drawn = await _drawn(seconds)
    pictures = [end.pictures[count:] for end, count in zip(ends, before, strict=True)]
    both = [rate for told in pictures for rate in told] if all(pictures) else []
    return drawn, Beside(both, len(call.far.shown) - heard_before)


async def _drawn(seconds: float) -> Drawn:
    """In a process of its own, as the screen is one."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.devices.curve_drawing", str(seconds)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    try:
        told, _ = await asyncio.wait_for(child.communicate(), seconds + LIMIT_S)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return Drawn(**json.loads(told))


def draw(seconds: float) -> Drawn:
    """How long each frame took, from the fetching of new strips until both sweeps are painted."""
    from PySide6.QtCore import QEventLoop
    from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

    from app.domain.curve import STRIPS_PER_S, Strip
    from ui.gallery_sounds import heart_strips
    from ui.widgets.curve_feed import CurveFeed
    from ui.widgets.phonocardiogram import Phonocardiogram
    from ui.widgets.spectrogram import Spectrogram

    app = QApplication.instance() or QApplication([])
    strips, given = heart_strips(seconds), 0
    fetched_at, worked_at, times_ms, work_ms = 0.0, 0.0, list[float](), list[float]()
    starts_at = time.perf_counter() + 1.0  # after the window was shown

    def due() -> list[Strip]:
        """As the media process gives them: so many as their time has come."""
        nonlocal given, fetched_at, worked_at
        now = time.perf_counter()
        first, given = given, 2 * max(0, int((now - starts_at) * STRIPS_PER_S))
        if given > first:
            fetched_at, worked_at = now, time.thread_time()
        return strips[first:given]

    feed = CurveFeed(due)
    window = QWidget()
    column = QVBoxLayout(window)
    for sweep in (Phonocardiogram("curve", "", feed), Spectrogram("tones", "", feed)):
        sweep.setFixedSize(WIDTH, HEIGHT)
        sweep.set_live(True)
        column.addWidget(sweep)
    window.show()
    while time.perf_counter() < starts_at + seconds:
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if fetched_at:
            app.processEvents()  # the paint that the strips asked for
            times_ms.append((time.perf_counter() - fetched_at) * 1000)
            work_ms.append((time.thread_time() - worked_at) * 1000)
            fetched_at = 0.0
    return Drawn(times_ms, work_ms, seconds)


if __name__ == "__main__":
    print(json.dumps(asdict(draw(float(sys.argv[1])))))
