"""The picture's bit rate at the start and its bounds, until our own encoder stands."""

from aiortc.codecs import vpx

START_BIT_S = 600_000
LEAST_BIT_S = 120_000
MOST_BIT_S = 2_000_000


def install() -> None:
    vpx.DEFAULT_BITRATE = START_BIT_S
    vpx.MIN_BITRATE = LEAST_BIT_S
    vpx.MAX_BITRATE = MOST_BIT_S
