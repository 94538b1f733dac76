"""What the call's process is asked for and what it tells: the words between screen and media."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.curve import SoundShape
from app.domain.device import DeviceStatus
from app.domain.exam_camera import ControlsSeen, FarExamCamera, FarStill, StillDone, StillRefused
from app.domain.failures import Code
from app.domain.ids import LinkId, RecordId, VisitId
from app.domain.ladder import Stand, Step, Wants
from app.domain.listening import Slot, SoundBand
from app.domain.recordings import SoundGap, SoundSpan


@dataclass(frozen=True, slots=True)
class Equipment:
    """What stands for camera and sound at a desk; the meaning of each is CallSetup's."""

    camera: str | None
    microphone: str | None
    speaker: str | None
    scope: str | None
    has_echo_control: bool = True
    exam_camera: str | None = None


@dataclass(frozen=True, slots=True)
class CallSetup:
    """Which visit, which side, and what stands for camera and sound here.

    `camera` is a device path, an index or a video file; None: no camera. Sound device names as
    PortAudio tells them; None: the system's default; "" : none.
    """

    visit: VisitId
    side: Role
    own_name: str
    camera: str | None
    microphone: str | None
    speaker: str | None
    scope: str | None  # a sound device's name or a WAV file
    has_echo_control: bool = True  # of the voice: echo, noise and rumble are taken off it
    exam_camera: str | None = None  # as `camera`


class LinkPhase(StrEnum):
    CONNECTING = "connecting"
    WARM = "warm"  # up, without sound and picture: not everybody has joined
    LIVE = "live"
    LOST = "lost"  # no media for a while; the media process has noticed
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class EngineAttached:
    """The media process answers; `visit` and `link` are of a call that already runs there."""

    visit: VisitId | None
    link: LinkId | None
    is_live: bool
    is_muted: bool
    is_camera_on: bool = True
    is_exam_on: bool = False


@dataclass(frozen=True, slots=True)
class EngineGone:
    """The media process ended; it is being started again."""


@dataclass(frozen=True, slots=True)
class SignalMade:
    link: LinkId
    payload: dict[str, Json]


@dataclass(frozen=True, slots=True)
class LinkChanged:
    link: LinkId
    phase: LinkPhase
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class FarScreen:
    """Whether a screen is attached at the far end, told by the far media process."""

    is_attached: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class DevicesSeen:
    devices: tuple[DeviceStatus, ...]


@dataclass(frozen=True, slots=True)
class Levels:
    """Root mean square of the last 100 ms, 0..1, of our microphone and of the far voice."""

    own: float
    far: float


class LiveWay(StrEnum):
    """How a body sound goes to the far end while it is made; best first."""

    LOSSLESS = "lossless"  # the record itself
    MONITOR = "monitor"  # the same with fewer samples; the record follows
    LATER = "later"  # the line carries neither; the record follows


class SoundFault(StrEnum):
    """What is wrong with a body sound while it is heard."""

    QUIET = "quiet"
    CLIPPING = "clipping"
    LOUD_ROOM = "loud-room"


@dataclass(frozen=True, slots=True)
class ScopeProgress:
    """A stethoscope recording that runs here (`is_ours`) or arrives from the far end.

    `delay_ms`: from the body to what is heard and drawn here; None for our own instrument.
    """

    recording: RecordId
    visit: VisitId
    site: str
    is_ours: bool
    seconds: float
    level: float
    missing_blocks: int
    is_line_up: bool
    way: LiveWay = LiveWay.LOSSLESS
    delay_ms: float | None = None
    heart_rate_bpm: float | None = None
    heart_confidence: float = 0.0
    faults: tuple[SoundFault, ...] = ()
    is_away: bool = False  # the instrument: it is waited for, in the same recording
    sample_rate_hz: int = 0
    continues: RecordId | None = None
    at_s: float = 0.0  # what is heard and drawn here now


@dataclass(frozen=True, slots=True)
class ScopeTimeline:
    """The whole of a running recording, coarsely. May be dropped: the next one tells it all.

    `peaks`: base64, a byte for each quarter of a second, 255 where nothing is here (yet). `late`:
    what came after it could be heard, (from, until) in seconds.
    """

    recording: RecordId
    seconds: float
    peaks: str
    late: tuple[SoundSpan, ...]
    gaps: tuple[SoundGap, ...]


@dataclass(frozen=True, slots=True)
class ScopeContinues:
    """`before` was full: the same listening goes on as `recording`."""

    recording: RecordId
    before: RecordId


@dataclass(frozen=True, slots=True)
class ScopeDone:
    """A recording ended here or arrived; `wav` is the file whose SHA-256 is `sha256`."""

    recording: RecordId
    visit: VisitId
    site: str
    is_ours: bool
    sample_rate_hz: int
    samples: int
    sha256: str
    wav: bytes
    source: str
    is_complete: bool
    gaps: tuple[SoundGap, ...] = ()
    continues: RecordId | None = None


@dataclass(frozen=True, slots=True)
class ScopeProof:
    """What the far end computed over what it received."""

    recording: RecordId
    far_sha256: str
    matches: bool


@dataclass(frozen=True, slots=True)
class SoundOpened:
    """A kept recording stands in its slot, to be drawn and played."""

    slot: Slot
    recording: RecordId
    sample_rate_hz: int
    bands: tuple[SoundBand, ...]  # those that its rate holds
    shape: SoundShape
    peak: int  # the largest sample, without its sign
    heart_rate_bpm: float | None = None
    heart_confidence: float = 0.0
    faults: tuple[SoundFault, ...] = ()


@dataclass(frozen=True, slots=True)
class SoundRefused:
    """It cannot be opened."""

    slot: Slot
    recording: RecordId
    code: Code


@dataclass(frozen=True, slots=True)
class SoundPlaying:
    """Where it is; told some times a second. `is_heard`: there is a loudspeaker."""

    slot: Slot
    at_s: float
    is_heard: bool


@dataclass(frozen=True, slots=True)
class SoundStopped:
    slot: Slot
    at_s: float


@dataclass(frozen=True, slots=True)
class LiveFromFar:
    payload: dict[str, Json]


class Path(StrEnum):
    """Which way the packets go."""

    DIRECT = "direct"
    RELAY = "relay"


@dataclass(frozen=True, slots=True)
class Measures:
    """Of the last second. None where nothing is known yet. "Sent" is as the far side reports it."""

    round_trip_ms: float | None = None
    loss_percent: float | None = None
    received_kbit_s: float | None = None
    frames_per_second: float | None = None
    join_ms: float | None = None
    sent_kbit_s: float | None = None
    sent_loss_percent: float | None = None
    jitter_ms: float | None = None  # of the far voice (RFC 3550, 6.4.1)
    freezes: int | None = None  # gaps above 200 ms in a picture that should move
    concealed_share: float | None = None  # of the far voice, 0..1
    late_packets: int | None = None  # of the far voice: they came, but after their time
    path: Path | None = None
    step: Step | None = None  # of what we send
    cpu_share: float | None = None  # of all processors, by the media process


@dataclass(frozen=True, slots=True)
class LadderTold:
    """Where both directions stand on the ladder, and what the people at both ends wish of it."""

    own: Stand
    far: Stand | None
    wants: Wants
    far_wants: Wants | None


EngineEvent = (
    EngineAttached
    | EngineGone
    | SignalMade
    | LinkChanged
    | FarScreen
    | DevicesSeen
    | Levels
    | ScopeProgress
    | ScopeTimeline
    | ScopeContinues
    | ScopeDone
    | ScopeProof
    | SoundOpened
    | SoundRefused
    | SoundPlaying
    | SoundStopped
    | LiveFromFar
    | Measures
    | LadderTold
    | StillDone
    | StillRefused
    | FarStill
    | FarExamCamera
    | ControlsSeen
)
