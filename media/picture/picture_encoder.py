"""What an encoder of a picture is to whoever feeds it, whatever its codec."""

from dataclasses import dataclass
from typing import Protocol

from media.picture.planes import Planes

TICKS_PER_S = 90_000


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    data: bytes
    is_key: bool


class PictureEncoder(Protocol):
    """Use in one thread at a time."""

    @property
    def quantizer(self) -> int:
        """Of the last frame, 0 (fine) to 63, as libvpx counts for VP8."""

    def can_take(self, width: int, height: int) -> bool: ...

    def set(self, width: int, height: int, bit_s: int, frames_per_s: float) -> None:
        """From the next frame on; even numbers."""

    def hurry(self, speed: int) -> None:
        """As libvpx' cpu-used: -1 is thorough, -16 fast."""

    def encode(
        self, picture: Planes, at_ticks: int, *, is_key_wanted: bool = False
    ) -> EncodedPicture | None:
        """A picture of the size that is set; None when it was left out to hold the rate.

        `at_ticks` grows from frame to frame, in 1/90000 s; also of those that are left out.
        """
