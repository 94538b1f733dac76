"""`python -m bench.devices.stills_visit [--quick]`: stills of a whole visit, as rows in JSON.

A program of its own, because the line between server and cart moves the whole process. Real
windows, mouse clicks, a call, an exam camera of 1920 x 1080 that is a file whose pixels are known.
"""

import base64
import json
import random
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.devices.known_pictures import Image, KnownPictures, pixels_of
from bench.devices.still_goals import EQUAL, EQUAL_GOAL, FROM_AFAR, HERE, SAVED_GOAL
from bench.eyes import Change, Look
from bench.floor import QUICK, Amount, Floor
from bench.keeping import changes
from bench.rows import Row, p95_row
from demo.network import open_network
from demo.screen import Box
from demo.side import Side
from demo.visit import SCREEN_LIMIT_S, Visit
from demo.waiting import NotSo, wait_for
from offline_store.chunk_stream import decrypt

WIDTH, HEIGHT, PICTURES = 1920, 1080, 8
STILLS, QUICK_STILLS = 40, 3  # at each side
WATCH_S = 0.6  # longer than the goal
SAVED_LIMIT_S = 15.0
BETWEEN_S = (0.4, 0.9)  # a person's haste; not in step with the camera
SETTLE_S = 5.0  # after the camera was shown: both pictures find their sizes
ARRIVE_LIMIT_S = 600.0  # some 350 MB, on a machine that may do other work
COUNT = re.compile(r"\((\d+)\)")


class Stills:
    """In a running call, with the exam camera shown."""

    def __init__(self, floor: Floor, visit: Visit) -> None:
        self._floor = floor
        self._visit = visit
        self._cart = visit.cart
        self._eyes = floor.eyes_at(visit.cart)

    def saved_ms(self, side: Side, count: int) -> list[float]:
        """From a click on Freeze at that side to the still in the list at the cart."""
        pointer = self._floor.pointer_at(side)
        button = side.user.sees("exam.freeze", state="enabled", limit_s=SCREEN_LIMIT_S).box
        if button is None:
            raise NotSo("Freeze has no place on the screen")
        pointer.rest_on(button)
        return [self._sample(pointer.click) for _ in range(count)]

    def _sample(self, click: Callable[[], float]) -> float:
        time.sleep(self._floor.chance.uniform(*BETWEEN_S))
        before, place = self._count()
        seen = [Look(time.monotonic(), self._eyes.now(place))]
        clicked = click()
        until = clicked + SAVED_LIMIT_S
        while self._count_after(place, seen) != before + 1:
            if time.monotonic() > until:
                raise NotSo(f"a still is not in the list after {SAVED_LIMIT_S:.0f} s")
        change = Change(seen[0].pixels, seen[-1].pixels)
        at = next(look.at for look in seen if change.is_done(look.pixels))
        return (at - clicked) * 1000

    def _count_after(self, place: Box, seen: list[Look]) -> int:
        """Adds each look that shows something else; then the bus is asked, which takes the eyes
        off.
        """
        seen += changes(self._eyes.watch(place, WATCH_S), seen[-1])
        count = self._count()[0]
        seen.append(Look(time.monotonic(), self._eyes.now(place)))
        return count

    def _count(self) -> tuple[int, Box]:
        """How many are in the cart's store, and where that is written."""
        shown = self._cart.user.read("exam.stills")
        found = COUNT.search(shown.name)
        if found is None or shown.box is None:
            raise NotSo(f"the cart says of its stills: {shown.name!r}")
        return int(found[1]), shown.box


def records_of(visit: Visit) -> list[dict[str, Any]]:
    """The stills as the server tells them."""
    told = visit.stage.server.records(visit.booked.visit)
    return [record.document for record in told if record.record_type == "still"]


def saved_picture(visit: Visit, record: dict[str, Any]) -> Image:
    """The file as it lies at the server, opened with the key that its record brings."""
    file = visit.stage.database.file(record["file_sha256"])
    return pixels_of(decrypt(file.read_bytes(), base64.b64decode(record["file_key"])))


def measured(floor: Floor, known: KnownPictures, count: int) -> list[Row]:
    visit = Visit(floor.stage, floor.stage.book())
    floor.stage.sign_in()
    visit.check_in()
    visit.open_chart()
    visit.join()
    visit.is_live()
    visit.cart.user.press("exam.show", SCREEN_LIMIT_S)
    for side in (visit.cart, visit.workstation):
        side.user.sees("exam.freeze", state="enabled", limit_s=SCREEN_LIMIT_S)
    time.sleep(SETTLE_S)
    stills = Stills(floor, visit)
    here, afar = stills.saved_ms(visit.cart, count), stills.saved_ms(visit.workstation, count)
    taken = len(here) + len(afar)
    visit.cart.user.press("visit.hang-up")  # beside a call files go slowly
    wait_for("all stills reach the server", lambda: len(records_of(visit)) == taken, ARRIVE_LIMIT_S)
    equal = sum(known.has(saved_picture(visit, record)) for record in records_of(visit))
    camera = f"exam camera {WIDTH} x {HEIGHT}, a file of {PICTURES} known pictures"
    eyes = floor.eyes_at(visit.cart)
    note = (
        f"{camera}; both screens and the call run; a mouse click on Freeze, to the still in the "
        "cart's list, which shows what its encrypted store holds (file and record are synced); "
        f"a look every {eyes.between_looks_ms:.1f} ms (p99)"
    )
    return [
        Row(
            *(EQUAL, "%", 100 * equal / taken, taken, {"equal": equal, "taken": taken}),
            f"{camera}; taken at both sides; of each still the file at the server, opened with its "
            "record's key, against the camera's pictures in every bit",
            EQUAL_GOAL,
        ),
        p95_row(HERE, "ms", here, note, SAVED_GOAL),
        p95_row(FROM_AFAR, "ms", afar, f"{note}; clicked at the workstation", SAVED_GOAL),
    ]


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # everything started is ended
    is_quick = "--quick" in sys.argv[1:]
    try:
        network = open_network()
        with tempfile.TemporaryDirectory(prefix="bedside-stills-") as folder:
            known = KnownPictures(WIDTH, HEIGHT, PICTURES, seed=random.getrandbits(32))
            film = known.write(Path(folder) / "exam.avi")
            amount = QUICK if is_quick else Amount()
            with Floor(network, random.Random(), amount, exam_camera=film) as floor:
                rows = measured(floor, known, QUICK_STILLS if is_quick else STILLS)
    except NotSo as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps([asdict(row) for row in rows]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
