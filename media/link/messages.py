"""The words between the screen and the media process: what may be asked, what may be told.

Engine events of the domain travel as they are; here stand the words that only this socket knows.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.engine import (
    CallSetup,
    DevicesSeen,
    Equipment,
    FarScreen,
    LadderTold,
    Levels,
    LinkChanged,
    LiveFromFar,
    Measures,
    ScopeContinues,
    ScopeProgress,
    ScopeProof,
    ScopeTimeline,
    SignalMade,
    SoundPlaying,
    SoundRefused,
    SoundStopped,
)
from app.domain.exam_camera import (
    Control,
    ControlsSeen,
    FarExamCamera,
    FarStill,
    Focus,
    StillRefused,
)
from app.domain.failures import Code
from app.domain.ids import LinkId, RecordId, VisitId
from app.domain.ladder import Wants
from app.domain.picture import Layout
from app.domain.relays import RelayAccess
from media.link.sound_words import (
    CloseSound,
    CurveMemory,
    Listen,
    OpenSound,
    PlaySound,
    ScopeBegan,
    ScopeFile,
    ScopeKept,
    ScopeRefused,
    SoundShown,
    StartScope,
    StopScope,
    StopSound,
)
from media.link.typed_words import TypedWords

VERSION = 2


class Which(StrEnum):
    """Three pictures cross to the screen."""

    FAR = "far"
    SELF = "self"
    EXAM = "exam"  # of the exam camera here while it is shown, else of the far end's


# --- the screen asks ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hello:
    """First word of a screen. `resume`: the generation it already holds and lost contact with."""

    version: int
    secret: str  # 64 hexadecimal digits
    resume: int | None


@dataclass(frozen=True, slots=True)
class LookFor:
    equipment: Equipment


@dataclass(frozen=True, slots=True)
class Prepare:
    """A person is there and wants it so; said again it brings camera and microphone back."""

    setup: CallSetup


@dataclass(frozen=True, slots=True)
class UseRelays:
    access: RelayAccess


@dataclass(frozen=True, slots=True)
class Connect:
    link: LinkId
    is_offerer: bool


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A link without sound and picture, before both people have joined."""

    link: LinkId
    is_offerer: bool


@dataclass(frozen=True, slots=True)
class FillLink:
    """Both have joined: sound and picture."""

    link: LinkId


@dataclass(frozen=True, slots=True)
class HeardSignal:
    link: LinkId
    payload: dict[str, Json]


@dataclass(frozen=True, slots=True)
class CloseLink:
    pass


@dataclass(frozen=True, slots=True)
class Release:
    pass


@dataclass(frozen=True, slots=True)
class Mute:
    is_muted: bool


@dataclass(frozen=True, slots=True)
class ShowCamera:
    is_on: bool


@dataclass(frozen=True, slots=True)
class Want:
    """What the person here wishes of the ladder."""

    wants: Wants


@dataclass(frozen=True, slots=True)
class SendLive:
    payload: dict[str, Json]


@dataclass(frozen=True, slots=True)
class ShowExamCamera:
    is_on: bool


@dataclass(frozen=True, slots=True)
class LookAt:
    """What the person here has large before them."""

    focus: Focus


@dataclass(frozen=True, slots=True)
class Freeze:
    """A still of the exam camera; `seen_at` is the picture's on the screen, None: the newest."""

    still: RecordId
    seen_at: float | None
    is_far: bool  # of the far end's exam camera


@dataclass(frozen=True, slots=True)
class StillKept:
    """The still is safe with the screen; the media process may forget it."""

    still: RecordId


@dataclass(frozen=True, slots=True)
class SetExamControl:
    """Of the exam camera here; answered by ControlsSeen. None: only read them."""

    control: Control | None
    value: int


@dataclass(frozen=True, slots=True)
class Surface:
    """How many device pixels the screen has for this picture, and in which layout; 0: hidden."""

    which: Which
    width: int
    height: int
    layout: Layout


@dataclass(frozen=True, slots=True)
class Quit:
    pass


# --- the media process tells -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Greeted:
    """The screen is attached: its generation, and the state of a call that may already run."""

    version: int
    generation: int
    setup: CallSetup | None
    link: LinkId | None
    is_live: bool
    is_muted: bool
    is_camera_on: bool
    is_exam_on: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """No attachment: FENCED, NOT_ALLOWED (secret) or MALFORMED (version)."""

    code: Code


@dataclass(frozen=True, slots=True)
class Fenced:
    """A newer screen has taken this one's place."""

    generation: int


@dataclass(frozen=True, slots=True)
class StillHere:
    """About once a second: nothing else may be there to tell, and silence means that it hangs."""


@dataclass(frozen=True, slots=True)
class Surfaces:
    """One descriptor comes with it: the anonymous memory of these pictures, read-only."""

    which: Which
    slot_bytes: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A newer picture is there. May be dropped: the memory itself knows the newest."""

    which: Which
    slot: int
    sequence: int
    width: int
    height: int
    captured_at: float


@dataclass(frozen=True, slots=True)
class NoPicture:
    """What was shown last is over: the link was closed, the camera is off or gone."""

    which: Which


@dataclass(frozen=True, slots=True)
class StillFile:
    """StillDone without its bytes: one descriptor comes with it, sealed memory with the PNG."""

    still: RecordId
    visit: VisitId
    asked_by: Role
    width: int
    height: int
    sha256: str
    pixels_sha256: str
    taken_at: datetime
    source: str
    coding: str
    png_bytes: int


Wish = (
    Hello
    | LookFor
    | Prepare
    | UseRelays
    | Connect
    | WarmUp
    | FillLink
    | HeardSignal
    | CloseLink
    | Release
    | Mute
    | ShowCamera
    | Want
    | SendLive
    | StartScope
    | StopScope
    | ScopeKept
    | Listen
    | OpenSound
    | CloseSound
    | PlaySound
    | StopSound
    | ShowExamCamera
    | LookAt
    | Freeze
    | StillKept
    | SetExamControl
    | Surface
    | Quit
)

Gate = Greeted | Refused | Fenced
News = (
    SignalMade
    | LinkChanged
    | FarScreen
    | DevicesSeen
    | Levels
    | ScopeBegan
    | ScopeRefused
    | ScopeContinues
    | ScopeProgress
    | ScopeTimeline
    | ScopeFile
    | ScopeProof
    | CurveMemory
    | SoundShown
    | SoundRefused
    | SoundPlaying
    | SoundStopped
    | LiveFromFar
    | Measures
    | LadderTold
    | StillFile
    | StillRefused
    | FarStill
    | FarExamCamera
    | ControlsSeen
    | Surfaces
    | Frame
    | NoPicture
)
Told = Gate | News | StillHere

WISHES = TypedWords(
    {
        "hello": Hello,
        "look-for": LookFor,
        "prepare": Prepare,
        "relays": UseRelays,
        "connect": Connect,
        "warm-up": WarmUp,
        "fill": FillLink,
        "signal": HeardSignal,
        "close-link": CloseLink,
        "release": Release,
        "mute": Mute,
        "camera": ShowCamera,
        "want": Want,
        "live": SendLive,
        "scope-start": StartScope,
        "scope-stop": StopScope,
        "scope-kept": ScopeKept,
        "listen": Listen,
        "sound-open": OpenSound,
        "sound-close": CloseSound,
        "sound-play": PlaySound,
        "sound-stop": StopSound,
        "exam-show": ShowExamCamera,
        "exam-look": LookAt,
        "freeze": Freeze,
        "still-kept": StillKept,
        "exam-control": SetExamControl,
        "surface": Surface,
        "quit": Quit,
    }
)

TOLD = TypedWords(
    {
        "greeted": Greeted,
        "refused": Refused,
        "fenced": Fenced,
        "signal": SignalMade,
        "link": LinkChanged,
        "far-screen": FarScreen,
        "devices": DevicesSeen,
        "levels": Levels,
        "scope-began": ScopeBegan,
        "scope-refused": ScopeRefused,
        "scope-continues": ScopeContinues,
        "scope-progress": ScopeProgress,
        "scope-timeline": ScopeTimeline,
        "scope-done": ScopeFile,
        "scope-proof": ScopeProof,
        "curves": CurveMemory,
        "sound-shown": SoundShown,
        "sound-refused": SoundRefused,
        "sound-playing": SoundPlaying,
        "sound-stopped": SoundStopped,
        "live": LiveFromFar,
        "measures": Measures,
        "ladder": LadderTold,
        "still": StillFile,
        "still-refused": StillRefused,
        "far-still": FarStill,
        "far-exam": FarExamCamera,
        "exam-controls": ControlsSeen,
        "surfaces": Surfaces,
        "frame": Frame,
        "no-picture": NoPicture,
        "still-here": StillHere,
    }
)

# A blocked screen may miss these: a newer one makes each of them worthless.
DROPPABLE: tuple[type[object], ...] = (
    Frame,
    Levels,
    Measures,
    ScopeProgress,
    ScopeTimeline,
    SoundPlaying,
    StillHere,
)
# Each of these brings exactly one descriptor; no other word brings any.
WITH_DESCRIPTOR: tuple[type[object], ...] = (
    Surfaces,
    ScopeFile,
    StillFile,
    CurveMemory,
    SoundShown,
)
WISHES_WITH_DESCRIPTOR: tuple[type[object], ...] = (OpenSound,)
