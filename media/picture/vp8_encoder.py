"""A VP8 encoder that lives through a call: a new bit rate costs nothing, a new size one key frame.

It holds its rate by leaving frames out; who calls it must give each frame its true time.
"""

import ctypes

from media.picture import vpx_library as vpx
from media.picture.even_time import EvenTime
from media.picture.picture_encoder import TICKS_PER_S, EncodedPicture
from media.picture.planes import Planes

FRAME_TICKS = TICKS_PER_S // 30  # told to the library with each frame; it goes by the times
LEAST_BIT_S = 8_000
TOKEN_PARTITIONS_ONE = 0
SPEED = -6  # until told otherwise: the fastest at which a face stays one
DROP_FRAME_PERCENT = 30  # of the optimal buffer; without it a 300 kbit/s line got 17 s of latency


class Vp8Encoder:
    """Use in one thread at a time. The end of the object frees it. RuntimeError: libvpx refused."""

    def __init__(self, largest_width: int, largest_height: int) -> None:
        self._vpx = vpx.library()
        self._largest = largest_width, largest_height
        self._config = _config(largest_width, largest_height)
        handle = vpx.Handle()
        vpx.check(
            self._vpx.vpx_codec_enc_init_ver(
                ctypes.byref(handle),
                self._vpx.vpx_codec_vp8_cx(),
                ctypes.byref(self._config),
                0,
                vpx.ENCODER_ABI,
            ),
            "open",
        )
        self._handle = handle
        for control, value in (
            (vpx.SET_NOISE, 0),  # stock's 4 costs a third of the time
            (vpx.SET_STATIC_THRESHOLD, 1),
            (vpx.SET_TOKEN_PARTITIONS, TOKEN_PARTITIONS_ONE),
        ):
            self._control(control, ctypes.c_int(value))
        self._image = vpx.Image()
        self._is_wrapped_for = (0, 0)
        self._speed: int | None = None
        self.hurry(SPEED)
        self._time = EvenTime(TICKS_PER_S)

    def __del__(self) -> None:
        handle = getattr(self, "_handle", None)
        if handle is not None:
            self._vpx.vpx_codec_destroy(ctypes.byref(handle))

    @property
    def size(self) -> tuple[int, int]:
        return self._config.width, self._config.height

    @property
    def bit_s(self) -> int:
        return int(self._config.kbit_s) * 1000

    @property
    def quantizer(self) -> int:
        """Of the last frame, 0 (fine) to 63."""
        found = ctypes.c_int()
        self._control(vpx.GET_QUANTIZER, ctypes.byref(found))
        return found.value

    def can_take(self, width: int, height: int) -> bool:
        return width <= self._largest[0] and height <= self._largest[1]

    def set(self, width: int, height: int, bit_s: int, frames_per_s: float) -> None:
        """From the next frame on. Not above the largest size; even numbers."""
        self._time.expect(frames_per_s)
        kbit_s = max(bit_s, LEAST_BIT_S) // 1000
        wanted = (width, height, kbit_s)
        if wanted == (self._config.width, self._config.height, self._config.kbit_s):
            return
        self._config.width, self._config.height, self._config.kbit_s = wanted
        vpx.check(
            self._vpx.vpx_codec_enc_config_set(
                ctypes.byref(self._handle), ctypes.byref(self._config)
            ),
            "set",
        )

    def hurry(self, speed: int) -> None:
        if speed != self._speed:
            self._control(vpx.SET_SPEED, ctypes.c_int(speed))
            self._speed = speed

    def encode(
        self, picture: Planes, at_ticks: int, *, is_key_wanted: bool = False
    ) -> EncodedPicture | None:
        self._wrap(picture)
        vpx.check(
            self._vpx.vpx_codec_encode(
                ctypes.byref(self._handle),
                ctypes.byref(self._image),
                self._time.even(at_ticks),
                FRAME_TICKS,
                vpx.FORCE_KEY_FRAME if is_key_wanted else 0,
                vpx.REAL_TIME,
            ),
            "encode",
        )
        return self._made()

    def _made(self) -> EncodedPicture | None:
        made: EncodedPicture | None = None
        place = ctypes.c_void_p()
        while packet := self._vpx.vpx_codec_get_cx_data(
            ctypes.byref(self._handle), ctypes.byref(place)
        ):
            found = packet.contents
            if found.kind == vpx.PACKET_OF_FRAME and found.size:
                data = ctypes.string_at(found.data, found.size)
                made = EncodedPicture(data, bool(found.flags & vpx.IS_KEY_FRAME))
        return made

    def _wrap(self, picture: Planes) -> None:
        size = picture.width, picture.height
        if size != self.size:
            raise ValueError(f"a picture of {size} for an encoder of {self.size}")
        if size != self._is_wrapped_for:
            first = ctypes.c_void_p(picture.addresses[0])
            image = ctypes.byref(self._image)
            if not self._vpx.vpx_img_wrap(image, vpx.FORMAT_I420, *size, 1, first):
                raise RuntimeError("libvpx, picture")
            self._is_wrapped_for = size
        for plane in range(3):
            self._image.planes[plane] = picture.addresses[plane]
            self._image.strides[plane] = picture.strides[plane]

    def _control(self, control: int, argument: object) -> None:
        code = self._vpx.vpx_codec_control_(ctypes.byref(self._handle), control, argument)
        vpx.check(code, f"control {control}")


def _config(width: int, height: int) -> vpx.Config:
    config = vpx.default_config()
    config.threads = 1
    config.width, config.height = width, height
    config.tick_num, config.tick_den = 1, TICKS_PER_S
    config.error_resilient = 0
    config.lag_in_frames = 0
    config.drop_frame_percent = DROP_FRAME_PERCENT
    config.rate_mode = vpx.CONSTANT_RATE
    config.kbit_s = 300
    config.quantizer_least, config.quantizer_most = 2, 60
    config.undershoot_percent, config.overshoot_percent = 100, 15
    config.buffer_ms, config.buffer_initial_ms, config.buffer_optimal_ms = 600, 300, 400
    config.key_frame_mode = vpx.KEY_FRAMES_AUTO
    config.key_frame_least, config.key_frame_most = 0, 3000
    return config
