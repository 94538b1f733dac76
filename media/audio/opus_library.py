"""libopus, as PyAV's wheel brings it, through its C interface (opus.h of 1.6).

FFmpeg's wrapper knows neither in-band error correction on arrival nor concealment, and a bit rate
cannot be changed while it runs; libopus does all three. No second library is installed for it.
"""

import ctypes
from functools import cache
from pathlib import Path

import av

RATE_HZ = 48_000
PACKET_MAX_BYTES = 1275  # RFC 6716, 3.2.1
FRAME_MAX_SAMPLES = 5760  # 120 ms

APPLICATION_VOIP = 2048
SIGNAL_VOICE = 3001
SET_BITRATE, SET_VBR, SET_COMPLEXITY = 4002, 4006, 4010
SET_INBAND_FEC, SET_PACKET_LOSS, SET_VBR_CONSTRAINT = 4012, 4014, 4020
SET_SIGNAL, SET_DTX = 4024, 4016

_Handle = ctypes.c_void_p
_Bytes = ctypes.c_char_p
_Samples = ctypes.POINTER(ctypes.c_int16)
_Int = ctypes.c_int32
# What each function takes and gives (opus.h); the two `ctl` are called with one whole number.
_FUNCTIONS: dict[str, tuple[type, tuple[type, ...]]] = {
    "opus_get_version_string": (ctypes.c_char_p, ()),
    "opus_encoder_create": (_Handle, (_Int, _Int, _Int, ctypes.POINTER(_Int))),
    "opus_encoder_destroy": (type(None), (_Handle,)),
    "opus_encoder_ctl": (_Int, (_Handle, _Int, _Int)),
    "opus_encode": (_Int, (_Handle, _Samples, _Int, _Bytes, _Int)),
    "opus_decoder_create": (_Handle, (_Int, _Int, ctypes.POINTER(_Int))),
    "opus_decoder_destroy": (type(None), (_Handle,)),
    "opus_decode": (_Int, (_Handle, _Bytes, _Int, _Samples, _Int, _Int)),
    "opus_packet_get_nb_samples": (_Int, (_Bytes, _Int, _Int)),
    "opus_packet_has_lbrr": (_Int, (_Bytes, _Int)),
}


@cache
def library() -> ctypes.CDLL:
    """RuntimeError where PyAV brings none, or one without these functions: a fault of the build."""
    folder = Path(av.__file__).parent.parent / "av.libs"
    found = sorted(folder.glob("libopus-*.so*"))
    if not found:
        raise RuntimeError("libopus is not in the wheel of av")
    opus = ctypes.CDLL(str(found[0]))
    for name, (gives, takes) in _FUNCTIONS.items():
        function = getattr(opus, name, None)
        if function is None:
            raise RuntimeError(f"libopus without {name}")
        function.restype = None if gives is type(None) else gives
        function.argtypes = takes
    return opus


def samples_in(packet: bytes) -> int:
    """How long a packet plays, in samples of one channel; 0 when it is no Opus packet."""
    return max(0, int(library().opus_packet_get_nb_samples(packet, len(packet), RATE_HZ)))


def repeats_the_one_before(packet: bytes) -> bool:
    """Whether the packet carries a coarser copy of its predecessor (RFC 6716, 2.1.7)."""
    return bool(packet) and int(library().opus_packet_has_lbrr(packet, len(packet))) == 1
