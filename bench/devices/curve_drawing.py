"""What a frame of the curves of a body sound costs the screen.

Two sweeps, curve and tones, thirty frames a second, in the size they have on a full screen; beside
a running call with a recording where there is root for one.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from uuid import uuid4

from bench.call.line_model import Shape
from bench.call.link import Link, NoRoot
from bench.devices.amount import Amount
from bench.devices.scope_call import scope_call
from bench.rows import Row, p95_row

SECONDS, QUICK_SECONDS = 60.0, 6.0
WIDTH, HEIGHT = 1200, 260
SETTLE_S, LIMIT_S = 5.0, 60.0


def rows(amount: Amount) -> Iterator[Row]:
    seconds = QUICK_SECONDS if amount.is_quick else SECONDS
    try:
        times_ms, where = asyncio.run(_beside_a_call(seconds)), "beside a call with a recording"
    except NoRoot:
        times_ms, where = asyncio.run(_drawn(seconds)), "alone: only root can make a line"
    yield p95_row(
        "auscultation, curve and tones: drawing of a frame, p95",
        "ms",
        times_ms,
        f"{seconds:g} s at 30 frames a second, both {WIDTH} x {HEIGHT}, paint included; {where}",
        "<= 1",
    )


async def _beside_a_call(seconds: float) -> list[float]:
    async with Link() as link, scope_call(link, Shape(delay_ms=10), seconds + 30, 7) as call:
        await asyncio.sleep(SETTLE_S)
        call.cart.say({"do": "record", "recording": str(uuid4())})
        return await _drawn(seconds)


async def _drawn(seconds: float) -> list[float]:
    """In a process of its own, as the screen is one."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.devices.curve_drawing", str(seconds)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    told, _ = await asyncio.wait_for(child.communicate(), seconds + LIMIT_S)
    times_ms: list[float] = json.loads(told)
    return times_ms


def draw(seconds: float) -> list[float]:
    """How long each frame took, from the look for new strips until it is painted."""
    from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

    from app.domain.curve import STRIPS_PER_S, Strip
    from ui.gallery_sounds import heart_strips
    from ui.widgets.curve_feed import CurveFeed
    from ui.widgets.phonocardiogram import Phonocardiogram
    from ui.widgets.spectrogram import Spectrogram

    app = QApplication.instance() or QApplication([])
    waiting: list[Strip] = []
    feed = CurveFeed(lambda: [waiting.pop(0) for _ in range(len(waiting))])
    window = QWidget()
    column = QVBoxLayout(window)
    for sweep in (Phonocardiogram("curve", "", feed), Spectrogram("tones", "", feed)):
        sweep.setFixedSize(WIDTH, HEIGHT)
        sweep.set_live(True)
        column.addWidget(sweep)
    window.show()
    app.processEvents()
    strips, times_ms = heart_strips(seconds), []
    for number in range(round(seconds * STRIPS_PER_S)):
        waiting.extend(strips[2 * number : 2 * number + 2])
        began = time.perf_counter()
        feed.look()
        app.processEvents()
        times_ms.append((time.perf_counter() - began) * 1000)
        time.sleep(max(0.0, 1 / STRIPS_PER_S - (time.perf_counter() - began)))
    return times_ms


if __name__ == "__main__":
    print(json.dumps(draw(float(sys.argv[1]))))
