"""The far picture in a window: when the first one is painted, and when each further one is.

The camera films carry a magenta frame around a number and a counter. When it is painted the picture
is there; one thin line across it, where the counter's lowest bit lies, shows that one is new.
"""

from collections.abc import Iterator

from bench.eyes import Eyes, magenta_in
from demo import barcode, picture
from demo.screen import Box, Pixels
from demo.side import Side
from demo.waiting import wait_for

LINE_ROWS = 2
READ_LIMIT_S = 1.0
# The frame is looked for wherever it may come to lie: what a call says of its line makes the
# picture's place lower. It lies left of the middle, and one's own picture right of it.
EACH_NTH, FRAME_PIXELS = 4, 30
# The middle of the cells' row that holds the counter's lowest eight bits.
ROW_OF_COUNTER = (barcode.NUMBER_BITS + barcode.COUNTER_BITS - 1) // barcode.COLUMNS
LINE_AT = (
    picture.CODE_TOP + barcode.FRAME + (ROW_OF_COUNTER + 0.5) * barcode.CELL
) / picture.HEIGHT


class FarPicture:
    """At a side whose visit is open; its window does not change its size.

    Its place is that of the moment in which this is made.
    """

    def __init__(self, side: Side, eyes: Eyes, far_number: int) -> None:
        self._side = side
        self._eyes = eyes
        self._number = far_number
        far, _ = side.far_box()
        self._line = line_of(far)
        x, y, width, height = far
        self._left_half = x, y, width // 2, height

    def is_shown(self) -> bool:
        return _has_frame(self._eyes.now(self._left_half))

    def first_painted(self, limit_s: float) -> float:
        """The moment; the number in the picture is then read, so that it is the right one. Looked
        for some times: the first picture is coarse, and may be moved by what appears above it.
        """
        at = self._eyes.first(
            self._left_half,
            _has_frame,
            limit_s,
            f"a far picture at the {self._side.name}",
        )
        wait_for(
            f"the picture at the {self._side.name} has the far camera's number",
            self._has_its_number,
            READ_LIMIT_S,
        )
        return at

    def _has_its_number(self) -> bool:
        seen = self._side.far_code(self._side.far_box())
        return seen is not None and seen.number == self._number

    def looks(self, seconds: float) -> Iterator[tuple[float, bool]]:
        """Each look's moment, and whether another picture had been painted since the one before."""
        before: bytes | None = None
        for look in self._eyes.watch(self._line, seconds):
            now = look.pixels.tobytes()
            yield look.at, before is not None and now != before
            before = now


def _has_frame(pixels: Pixels) -> bool:
    return magenta_in(pixels[::EACH_NTH, ::EACH_NTH]) >= FRAME_PIXELS


def line_of(far: Box) -> Box:
    """Where the line lies in the largest picture of 4 to 3 in the middle of the box."""
    x, y, width, height = far
    scale = min(width / picture.WIDTH, height / picture.HEIGHT)
    wide, high = picture.WIDTH * scale, picture.HEIGHT * scale
    left, top = x + (width - wide) / 2, y + (height - high) / 2
    code_wide = (picture.CODE_LEFT + barcode.WIDTH + barcode.FRAME) * scale
    return round(left), round(top + LINE_AT * high), round(code_wide), LINE_ROWS
