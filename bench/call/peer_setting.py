"""What an end of a measured call sends and keeps, whatever make it is."""

from dataclasses import dataclass, field

LINE_LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RelaySetting:
    """What the server lends; `authority` (a file) and `key_digest` vouch for a relay by TLS."""

    urls: tuple[str, ...]
    username: str = field(repr=False)
    password: str = field(repr=False)
    lasts_s: int
    authority: str
    key_digest: str


@dataclass(frozen=True, slots=True)
class PeerSetting:
    """`keeps_pixels` False: only when which picture came, for long calls.

    `speaks_from_s`: where in the speech it begins. `is_thumbnail`: of the ladder no higher step.
    """

    width: int = 640
    height: int = 480
    fps: int = 30
    sends_picture: bool = True
    sends_voice: bool = True
    keeps_pixels: bool = True
    relays: RelaySetting | None = None
    speaks_from_s: float = 0.0
    takes_turns: bool = False
    is_thumbnail: bool = False
