"""Whether libvpx of this machine is the one that Vp8Encoder was written for: tried, not believed.

Costs about 20 ms, once per process. Its answer is a reason for the log, or None.
"""

from functools import cache

import numpy as np

from media.picture import vpx_library as vpx
from media.picture.picture_encoder import EncodedPicture
from media.picture.planes import Planes, planes_of
from media.picture.vp8_encoder import FRAME_TICKS, Vp8Encoder

WIDTH, HEIGHT = 96, 64
SMALL_WIDTH, SMALL_HEIGHT = 64, 48
MUCH_BIT_S, LITTLE_BIT_S = 200_000, 50_000
FRAMES = 12  # at each rate; the second half is counted
# What the library says of itself: when a field lies elsewhere, one of these is another.
DEFAULTS = {
    "width": 320,
    "height": 240,
    "tick_num": 1,
    "tick_den": 30,
    "kbit_s": 256,
    "quantizer_least": 4,
    "quantizer_most": 63,
    "undershoot_percent": 100,
    "buffer_ms": 6000,
    "buffer_initial_ms": 4000,
    "buffer_optimal_ms": 5000,
    "key_frame_most": 128,
}


@cache
def fault() -> str | None:
    """Why the encoder is not to be used here; None: it does what it is told."""
    try:
        return _fault_of_fields() or _fault_of_encoder()
    except (RuntimeError, OSError) as error:
        return str(error)


def _fault_of_fields() -> str | None:
    config = vpx.default_config()
    for name, wanted in DEFAULTS.items():
        if (found := getattr(config, name)) != wanted:
            return f"libvpx: {name} is {found}, not {wanted}"
    return None


def _fault_of_encoder() -> str | None:
    encoder = Vp8Encoder(WIDTH, HEIGHT)
    large, small = _moving(WIDTH, HEIGHT), _moving(SMALL_WIDTH, SMALL_HEIGHT)
    made: list[EncodedPicture | None] = []
    for planes, bit_s in ((large, MUCH_BIT_S), (large, LITTLE_BIT_S), (small, LITTLE_BIT_S)):
        encoder.set(planes[0].width, planes[0].height, bit_s, 30)
        for number in range(FRAMES):
            picture = planes[number % len(planes)]
            made.append(encoder.encode(picture, len(made) * FRAME_TICKS))
    keys = [number for number, one in enumerate(made) if one is not None and one.is_key]
    if keys != [0, 2 * FRAMES]:
        return f"libvpx: key frames at {keys}"
    for number, size in ((0, (WIDTH, HEIGHT)), (2 * FRAMES, (SMALL_WIDTH, SMALL_HEIGHT))):
        key = made[number]
        if key is None or size_in(key.data) != size:
            return "libvpx: a new size is not obeyed"
    much, little = (
        sum(len(one.data) for one in part if one is not None)
        for part in (made[FRAMES // 2 : FRAMES], made[FRAMES + FRAMES // 2 : 2 * FRAMES])
    )
    if not 2 * little < much < 8 * little:
        return f"libvpx: a quarter of the rate made {much} bytes {little}"
    return None


def size_in(key_frame: bytes) -> tuple[int, int]:
    """Width and height in the head of a VP8 key frame (RFC 6386, 9.1); (0, 0): it is none."""
    if len(key_frame) < 10 or key_frame[0] & 1 or key_frame[3:6] != b"\x9d\x01\x2a":
        return 0, 0
    width = int.from_bytes(key_frame[6:8], "little") & 0x3FFF
    return width, int.from_bytes(key_frame[8:10], "little") & 0x3FFF


def _moving(width: int, height: int) -> list[Planes]:
    """Noise before squares: more than any of the rates can tell."""
    chance = np.random.default_rng(1)
    coarse = chance.integers(60, 190, (height // 8, width // 8), dtype=np.uint8)
    squares = coarse.repeat(8, 0).repeat(8, 1)
    colour = bytes([128]) * (width * height // 2)
    return [
        planes_of(
            width,
            height,
            (squares + chance.integers(0, 40, squares.shape, dtype=np.uint8)).tobytes() + colour,
        )
        for _ in range(8)
    ]
