"""What an end of a measured call sends and keeps, whatever make it is."""

from dataclasses import dataclass

LINE_LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PeerSetting:
    """`keeps_pixels` False: only when which picture came, for long calls."""

    width: int = 640
    height: int = 480
    fps: int = 30
    sends_picture: bool = True
    sends_voice: bool = True
    keeps_pixels: bool = True
