"""libvpx, as PyAV's wheel brings it, through its C interface (vpx_encoder.h, vp8cx.h of 1.16).

FFmpeg's wrapper ignores a new bit rate in silence and needs a new encoder, thus a key frame, for
each; libvpx takes rate and size while it runs. No second library is installed for it.
"""

import ctypes
from functools import cache
from pathlib import Path

import av

ENCODER_ABI = 39
CODEC_OK = 0
FORMAT_I420 = 0x102
REAL_TIME = 1  # microseconds for a frame: "at once"
FORCE_KEY_FRAME = 1
CONSTANT_RATE = 1
KEY_FRAMES_AUTO = 1
PACKET_OF_FRAME = 0
IS_KEY_FRAME = 1
# Controls of vp8cx.h.
SET_SPEED, SET_NOISE, SET_STATIC_THRESHOLD, SET_TOKEN_PARTITIONS = 13, 15, 17, 18
GET_QUANTIZER = 20

_UNSIGNED = ctypes.c_uint
_HANDLE_BYTES = 512  # vpx_codec_ctx_t takes 56
_MORE_BYTES = 8192  # behind the fields we know, the library writes its layers'


class Buffer(ctypes.Structure):
    """vpx_fixed_buf_t: two passes only, not used."""

    _fields_ = [("bytes", ctypes.c_void_p), ("size", ctypes.c_size_t)]


class Config(ctypes.Structure):
    """vpx_codec_enc_cfg_t up to the last field we set; rates in kbit/s, buffers in ms."""

    _fields_ = [
        ("usage", _UNSIGNED),
        ("threads", _UNSIGNED),
        ("profile", _UNSIGNED),
        ("width", _UNSIGNED),
        ("height", _UNSIGNED),
        ("bit_depth", _UNSIGNED),
        ("input_bit_depth", _UNSIGNED),
        ("tick_num", ctypes.c_int),
        ("tick_den", ctypes.c_int),
        ("error_resilient", ctypes.c_uint32),
        ("passes", _UNSIGNED),
        ("lag_in_frames", _UNSIGNED),
        ("drop_frame_percent", _UNSIGNED),
        ("resize_allowed", _UNSIGNED),
        ("scaled_width", _UNSIGNED),
        ("scaled_height", _UNSIGNED),
        ("resize_up_percent", _UNSIGNED),
        ("resize_down_percent", _UNSIGNED),
        ("rate_mode", _UNSIGNED),
        ("two_pass_stats", Buffer),
        ("first_pass_stats", Buffer),
        ("kbit_s", _UNSIGNED),
        ("quantizer_least", _UNSIGNED),
        ("quantizer_most", _UNSIGNED),
        ("undershoot_percent", _UNSIGNED),
        ("overshoot_percent", _UNSIGNED),
        ("buffer_ms", _UNSIGNED),
        ("buffer_initial_ms", _UNSIGNED),
        ("buffer_optimal_ms", _UNSIGNED),
        ("two_pass", _UNSIGNED * 4),
        ("key_frame_mode", _UNSIGNED),
        ("key_frame_least", _UNSIGNED),
        ("key_frame_most", _UNSIGNED),
        ("more", ctypes.c_uint8 * _MORE_BYTES),
    ]


class Image(ctypes.Structure):
    """vpx_image_t: where the planes of a picture lie."""

    _fields_ = [
        ("before", _UNSIGNED * 12),
        ("planes", ctypes.c_void_p * 4),
        ("strides", ctypes.c_int * 4),
        ("more", ctypes.c_uint8 * 256),
    ]


class Packet(ctypes.Structure):
    """vpx_codec_cx_pkt_t of a frame."""

    _fields_ = [
        ("kind", _UNSIGNED),
        ("data", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("at", ctypes.c_int64),
        ("duration", ctypes.c_ulong),
        ("flags", ctypes.c_uint32),
    ]


class Handle(ctypes.Structure):
    """vpx_codec_ctx_t: the library's own."""

    _fields_ = [("inside", ctypes.c_uint64 * (_HANDLE_BYTES // 8))]


_Handle = ctypes.POINTER(Handle)
_Config = ctypes.POINTER(Config)
_Image = ctypes.POINTER(Image)
_Code = ctypes.c_int
_Type = type[ctypes.c_int] | type | None
# What each function takes and gives. The control's last argument is variadic: it is not listed,
# because some machines pass such ones in another way.
_FUNCTIONS: dict[str, tuple[_Type, list[_Type]]] = {
    "vpx_codec_vp8_cx": (ctypes.c_void_p, []),
    "vpx_codec_err_to_string": (ctypes.c_char_p, [_Code]),
    "vpx_codec_enc_config_default": (_Code, [ctypes.c_void_p, _Config, _UNSIGNED]),
    "vpx_codec_enc_init_ver": (
        _Code,
        [_Handle, ctypes.c_void_p, _Config, ctypes.c_long, ctypes.c_int],
    ),
    "vpx_codec_enc_config_set": (_Code, [_Handle, _Config]),
    "vpx_codec_control_": (_Code, [_Handle, ctypes.c_int]),
    "vpx_codec_encode": (
        _Code,
        [_Handle, _Image, ctypes.c_int64, ctypes.c_ulong, ctypes.c_long, ctypes.c_ulong],
    ),
    "vpx_codec_get_cx_data": (ctypes.POINTER(Packet), [_Handle, ctypes.POINTER(ctypes.c_void_p)]),
    "vpx_codec_destroy": (_Code, [_Handle]),
    "vpx_img_wrap": (
        ctypes.c_void_p,
        [_Image, ctypes.c_int, _UNSIGNED, _UNSIGNED, _UNSIGNED, ctypes.c_void_p],
    ),
}


@cache
def library() -> ctypes.CDLL:
    """RuntimeError where PyAV brings none, or one without these functions: a fault of the build."""
    folder = Path(av.__file__).parent.parent / "av.libs"
    found = sorted(folder.glob("libvpx-*.so*"))
    if not found:
        raise RuntimeError("libvpx is not in the wheel of av")
    vpx = ctypes.CDLL(str(found[0]))
    for name, (gives, takes) in _FUNCTIONS.items():
        function = getattr(vpx, name, None)
        if function is None:
            raise RuntimeError(f"libvpx without {name}")
        function.restype = gives
        function.argtypes = takes
    return vpx


def default_config() -> Config:
    """What the library itself would take; RuntimeError when it does not say."""
    config = Config()
    vpx = library()
    check(vpx.vpx_codec_enc_config_default(vpx.vpx_codec_vp8_cx(), ctypes.byref(config), 0), "ask")
    return config


def check(code: int, act: str) -> None:
    if code != CODEC_OK:
        words = library().vpx_codec_err_to_string(code).decode("ascii", "replace")
        raise RuntimeError(f"libvpx, {act}: {words} ({code})")
