"""One recording stream of the sound server, through libpulse's C interface (pulse/*.h of 16).

PortAudio cannot say "this device and no other": when it is pulled the server would go on with the
room's microphone. Here the stream ends. One thread, no callbacks; for a program of its own.
"""

import ctypes
from enum import IntEnum
from functools import cache

from app.domain.failures import Code, Unavailable

SAMPLE_S16LE = 3
NO_AUTOSPAWN = 0x0001
DONT_MOVE, ADJUST_LATENCY = 0x0200, 0x2000
FIX_RATE, FIX_CHANNELS = 0x0080, 0x0100  # as the device has them, whatever was asked
UNSET = 0xFFFFFFFF
NO_SUCH_ENTITY, ACCESS_DENIED = 5, 1
LARGEST_PEEK_BYTES = 1024 * 1024

_Pointer = ctypes.c_void_p
_Int = ctypes.c_int
_Text = ctypes.c_char_p


class ContextState(IntEnum):
    READY = 4
    FAILED = 5
    TERMINATED = 6


class StreamState(IntEnum):
    READY = 2
    FAILED = 3
    TERMINATED = 4


class SampleSpec(ctypes.Structure):
    _fields_ = [
        ("format", _Int),
        ("rate_hz", ctypes.c_uint32),
        ("channels", ctypes.c_uint8),
    ]


class BufferWish(ctypes.Structure):
    """pa_buffer_attr; of these only the last is ours: how much comes at once."""

    _fields_ = [
        ("most", ctypes.c_uint32),
        ("target", ctypes.c_uint32),
        ("before", ctypes.c_uint32),
        ("least", ctypes.c_uint32),
        ("fragment", ctypes.c_uint32),
    ]


_FUNCTIONS: dict[str, tuple[type | None, tuple[object, ...]]] = {
    "pa_mainloop_new": (_Pointer, ()),
    "pa_mainloop_free": (None, (_Pointer,)),
    "pa_mainloop_get_api": (_Pointer, (_Pointer,)),
    "pa_mainloop_prepare": (_Int, (_Pointer, _Int)),
    "pa_mainloop_poll": (_Int, (_Pointer,)),
    "pa_mainloop_dispatch": (_Int, (_Pointer,)),
    "pa_context_new": (_Pointer, (_Pointer, _Text)),
    "pa_context_connect": (_Int, (_Pointer, _Text, _Int, _Pointer)),
    "pa_context_get_state": (_Int, (_Pointer,)),
    "pa_context_errno": (_Int, (_Pointer,)),
    "pa_stream_new": (_Pointer, (_Pointer, _Text, _Pointer, _Pointer)),
    "pa_stream_connect_record": (_Int, (_Pointer, _Text, _Pointer, _Int)),
    "pa_stream_get_state": (_Int, (_Pointer,)),
    "pa_stream_get_sample_spec": (ctypes.POINTER(SampleSpec), (_Pointer,)),
    "pa_stream_peek": (
        _Int,
        (_Pointer, ctypes.POINTER(_Pointer), ctypes.POINTER(ctypes.c_size_t)),
    ),
    "pa_stream_drop": (_Int, (_Pointer,)),
}


@cache
def library() -> ctypes.CDLL:
    try:
        pulse = ctypes.CDLL("libpulse.so.0")
    except OSError as error:
        raise Unavailable(Code.NO_SOUND_DEVICE, "libpulse") from error
    for name, (gives, takes) in _FUNCTIONS.items():
        function = getattr(pulse, name)
        function.restype = gives
        function.argtypes = takes
    return pulse


class PulseInput:
    """`turn` it again and again; it raises Unavailable once the device or the server is gone."""

    def __init__(self, source: str, rate_hz: int, fragment_s: float) -> None:
        self._pulse = library()
        self._source = source.encode()
        self._wish = SampleSpec(SAMPLE_S16LE, rate_hz, 1)
        self._fragment_s = fragment_s
        self._loop = self._pulse.pa_mainloop_new()
        api = self._pulse.pa_mainloop_get_api(self._loop)
        self._context = self._pulse.pa_context_new(api, b"Bedside stethoscope")
        self._stream: int | None = None
        if self._pulse.pa_context_connect(self._context, None, NO_AUTOSPAWN, None) < 0:
            raise Unavailable(Code.NO_SOUND_DEVICE, "no sound server")

    @property
    def spec(self) -> tuple[int, int] | None:
        """(rate, channels) as the device has them; None until the stream stands."""
        if self._stream is None or self._stream_state() != StreamState.READY:
            return None
        told = self._pulse.pa_stream_get_sample_spec(self._stream).contents
        return int(told.rate_hz), int(told.channels)

    def turn(self, limit_s: float) -> bytes:
        """What came, all channels interleaved, within the limit; perhaps nothing."""
        self._pulse.pa_mainloop_prepare(self._loop, int(limit_s * 1e6))
        self._pulse.pa_mainloop_poll(self._loop)
        if self._pulse.pa_mainloop_dispatch(self._loop) < 0:
            raise Unavailable(Code.DEVICE_PULLED, "sound server")
        state = self._pulse.pa_context_get_state(self._context)
        if state in (ContextState.FAILED, ContextState.TERMINATED):
            begun = self._stream is not None
            raise Unavailable(Code.DEVICE_PULLED if begun else Code.NO_SOUND_DEVICE, "sound server")
        if state != ContextState.READY:
            return b""
        if self._stream is None:
            self._connect()
            return b""
        return self._taken()

    def _connect(self) -> None:
        frame_bytes = 2
        fragment = max(frame_bytes, int(self._wish.rate_hz * self._fragment_s) * frame_bytes)
        buffer = BufferWish(UNSET, UNSET, UNSET, UNSET, fragment)
        self._stream = self._pulse.pa_stream_new(
            self._context, b"stethoscope", ctypes.byref(self._wish), None
        )
        flags = DONT_MOVE | ADJUST_LATENCY | FIX_RATE | FIX_CHANNELS
        self._pulse.pa_stream_connect_record(
            self._stream, self._source, ctypes.byref(buffer), flags
        )

    def _stream_state(self) -> int:
        return int(self._pulse.pa_stream_get_state(self._stream))

    def _taken(self) -> bytes:
        state = self._stream_state()
        if state in (StreamState.FAILED, StreamState.TERMINATED):
            raise Unavailable(self._why_failed(), "stethoscope")
        if state != StreamState.READY:
            return b""
        pieces = []
        while piece := self._peeked():
            pieces.append(piece)
        return b"".join(pieces)

    def _peeked(self) -> bytes:
        data, length = _Pointer(), ctypes.c_size_t()
        if self._pulse.pa_stream_peek(self._stream, ctypes.byref(data), ctypes.byref(length)) < 0:
            raise Unavailable(Code.DEVICE_PULLED, "stethoscope")
        if not length.value:
            return b""
        if not data.value or length.value > LARGEST_PEEK_BYTES:  # a hole: samples were lost
            raise Unavailable(Code.OVERRUN, "stethoscope")
        piece = ctypes.string_at(data.value, length.value)
        self._pulse.pa_stream_drop(self._stream)
        return piece

    def _why_failed(self) -> Code:
        number = self._pulse.pa_context_errno(self._context)
        if number == NO_SUCH_ENTITY:
            return Code.DEVICE_MISSING
        return Code.DEVICE_BUSY if number == ACCESS_DENIED else Code.DEVICE_PULLED
