"""What the services need of the world, as Protocols. Adapters do not inherit; mypy compares them.

Every method may raise Unavailable, Untrusted or Rejected of app/domain/failures, nothing foreign.
What the store, too, must name stands in the domain and is handed on from here (`X as X`).
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from app.domain.access import Role
from app.domain.audit import AuditEvent, Witness
from app.domain.audit import DeviceEvent as DeviceEvent
from app.domain.call import RunningCall as RunningCall
from app.domain.changes import Change, ChangeResult, ConfirmedRecord, FeedPage, Json, RecordType
from app.domain.changes import NewChange as NewChange
from app.domain.changes import PendingChange as PendingChange
from app.domain.clock import ClockSample
from app.domain.device import DeviceStatus
from app.domain.failures import Code
from app.domain.ids import ChangeId, DeviceId, LinkId, PatientId, PersonId, RecordId, VisitId
from app.domain.measurement import LiveValue, Measurement, NoMeasurement
from app.domain.messages import Message
from app.domain.notes import Note
from app.domain.people import Person
from app.domain.recordings import Recording
from app.domain.vitals import Reading
from app.domain.worklist import WorklistRow

ResultT = TypeVar("ResultT")


# --- the store ---------------------------------------------------------------------------------


class Outbox(Protocol):
    def add(self, new: NewChange) -> Change: ...
    def waiting(self, limit: int) -> list[Change]:
        """Oldest first; changes behind a refused one on the same record are held back."""
        ...

    def all(self) -> list[PendingChange]: ...
    def settle(self, result: ChangeResult) -> None:
        """Accepted or already there: out of the outbox, into its table. Refused: stays, marked."""
        ...

    def drop(self, change: ChangeId) -> None:
        """A person gave a refused change up; its text stays in the audit by id only."""
        ...


class AuditLog(Protocol):
    def add(self, event: AuditEvent) -> DeviceEvent: ...
    def unacknowledged(self, limit: int) -> list[DeviceEvent]: ...
    def acknowledge(self, until: int) -> None: ...
    def server_witness(self) -> Witness: ...
    def keep_server_witness(self, witness: Witness) -> None: ...


class Records(Protocol):
    """Confirmed records, with pending changes laid on top in everything that is `shown`."""

    def feed_position(self) -> int: ...
    def apply(self, page: FeedPage) -> None:
        """Store a page and its cursor; only if the page's `since` equals the cursor."""
        ...

    def confirmed(self, record_type: RecordType, record: RecordId) -> ConfirmedRecord | None: ...
    def worklist(self, day: date) -> list[WorklistRow]: ...
    def visit_row(self, visit: VisitId) -> WorklistRow | None: ...
    def notes(self, patient: PatientId) -> list[Note]: ...
    def readings(self, patient: PatientId) -> list[Reading]: ...
    def recordings(self, patient: PatientId) -> list[Recording]: ...
    def messages(self, visit: VisitId) -> list[Message]: ...


class Attachments(Protocol):
    """Files that a change points to: they must reach the server before the change does."""

    def add(self, file_sha256: str, byte_count: int) -> None: ...
    def unsent(self) -> list[str]: ...
    def mark_sent(self, file_sha256: str) -> None: ...


class Kept(Protocol):
    """Small things of this profile: device identity, refresh token, last person, running call."""

    def device_id(self) -> DeviceId: ...
    def device_private_key(self) -> bytes: ...
    def text(self, name: str) -> str | None: ...
    def keep_text(self, name: str, value: str | None) -> None: ...
    def running_call(self) -> RunningCall | None: ...
    def keep_running_call(self, call: RunningCall | None) -> None: ...


class UnitOfWork(Protocol):
    """Everything that one transaction may touch."""

    @property
    def outbox(self) -> Outbox: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def records(self) -> Records: ...
    @property
    def attachments(self) -> Attachments: ...
    @property
    def kept(self) -> Kept: ...


class Store(Protocol):
    """The encrypted store. `transaction` runs `work` whole on the worker thread, or not at all."""

    @property
    def is_kept(self) -> bool:
        """False: in memory only, nothing is kept when this window closes."""
        ...

    async def transaction(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT: ...


class RecordingFiles(Protocol):
    """Encrypted chunk files beside the store; `wav` never touches the disk in the clear."""

    async def save(self, wav: bytes) -> tuple[str, str, int]:
        """-> (SHA-256 of the ciphertext, key in base64, bytes of ciphertext)."""
        ...

    async def load(self, file_sha256: str, key: str) -> bytes:
        """The WAV again; Untrusted when a byte differs, Unavailable when it is not here."""
        ...

    async def ciphertext(self, file_sha256: str) -> bytes: ...
    async def keep_ciphertext(self, file_sha256: str, data: bytes) -> None: ...
    async def has(self, file_sha256: str) -> bool: ...


# --- the server --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignedIn:
    person: Person
    refresh_token: str
    certificate: str  # the document and signature as received, kept in the store
    is_demonstration: bool


@dataclass(frozen=True, slots=True)
class PushAnswer:
    results: tuple[ChangeResult, ...]
    events_until: int
    head: Witness


@dataclass(frozen=True, slots=True)
class ChainPart:
    since: int
    leaves: tuple[str, ...]
    head: Witness
    has_more: bool


@dataclass(frozen=True, slots=True)
class DeviceCredentials:
    id: DeviceId
    name: str
    private_key: bytes  # raw Ed25519, 32 bytes


class ServerApi(Protocol):
    """The companion server over HTTP. Each call has a limit; offline is Unavailable."""

    async def sign_in(
        self, username: str, password: str, role: Role, device: DeviceCredentials
    ) -> SignedIn: ...
    async def refresh(self, refresh_token: str, device: DeviceCredentials) -> str: ...
    def forget_tokens(self) -> None: ...
    async def clock_sample(self) -> ClockSample: ...
    async def push(self, changes: list[Change], events: list[DeviceEvent]) -> PushAnswer: ...
    async def feed(self, since: int) -> FeedPage: ...
    async def chain(self, since: int) -> ChainPart: ...
    async def has_file(self, file_sha256: str) -> bool: ...
    async def put_file(self, file_sha256: str, data: bytes) -> None: ...
    async def get_file(self, file_sha256: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class SeatState:
    device: DeviceId
    person: PersonId
    name: str
    role: Role
    is_connected: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class RoomHeard:
    visit: VisitId
    seats: tuple[SeatState, ...]


@dataclass(frozen=True, slots=True)
class SignalHeard:
    visit: VisitId
    link: LinkId
    payload: dict[str, Json]


@dataclass(frozen=True, slots=True)
class LiveHeard:
    visit: VisitId
    payload: dict[str, Json]


@dataclass(frozen=True, slots=True)
class FeedMovedHeard:
    position: int


@dataclass(frozen=True, slots=True)
class SocketUp:
    pass


@dataclass(frozen=True, slots=True)
class SocketDown:
    code: Code


Heard = RoomHeard | SignalHeard | LiveHeard | FeedMovedHeard | SocketUp | SocketDown


class SignallingChannel(Protocol):
    """One socket to the server, opened again by itself with growing pauses."""

    def events(self) -> AsyncIterator[Heard]: ...
    async def join(self, visit: VisitId) -> None: ...
    async def leave(self, visit: VisitId) -> None: ...
    async def signal(self, visit: VisitId, link: LinkId, payload: dict[str, Json]) -> None: ...
    async def live(self, visit: VisitId, payload: dict[str, Json]) -> None: ...


# --- the call ----------------------------------------------------------------------------------


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


class LinkPhase(StrEnum):
    CONNECTING = "connecting"
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


@dataclass(frozen=True, slots=True)
class ScopeProgress:
    """A stethoscope recording that runs here (`is_ours`) or arrives from the far end."""

    recording: RecordId
    visit: VisitId
    site: str
    is_ours: bool
    seconds: float
    level: float
    missing_blocks: int
    is_line_up: bool
    envelope: tuple[float, ...] = ()  # newest absolute peaks, 0..1, 50 a second


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


@dataclass(frozen=True, slots=True)
class ScopeProof:
    """What the far end computed over what it received."""

    recording: RecordId
    far_sha256: str
    matches: bool


@dataclass(frozen=True, slots=True)
class LiveFromFar:
    payload: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Measures:
    """Of the last seconds. None where nothing is known yet."""

    round_trip_ms: float | None = None
    loss_percent: float | None = None
    received_kbit_s: float | None = None
    frames_per_second: float | None = None
    join_ms: float | None = None


EngineEvent = (
    EngineAttached
    | EngineGone
    | SignalMade
    | LinkChanged
    | FarScreen
    | DevicesSeen
    | Levels
    | ScopeProgress
    | ScopeDone
    | ScopeProof
    | LiveFromFar
    | Measures
)


class CallEngine(Protocol):
    """The media process, seen from the screen. Sending never waits for the far end."""

    def events(self) -> AsyncIterator[EngineEvent]: ...
    async def prepare(self, setup: CallSetup) -> None:
        """Open camera and sound, show our own picture; no connection yet."""
        ...

    async def connect(self, link: LinkId, *, is_offerer: bool) -> None:
        """A new peer connection; an older link is closed when this one is live."""
        ...

    async def heard_signal(self, link: LinkId, payload: dict[str, Json]) -> None: ...
    async def close_link(self) -> None: ...
    async def release(self) -> None:
        """Hang up: close the link, stop camera and microphone, forget the visit."""
        ...

    async def mute(self, is_muted: bool) -> None: ...
    async def show_camera(self, is_on: bool) -> None: ...
    async def send_live(self, payload: dict[str, Json]) -> None:
        """Over the call's data channel; Unavailable(CALL_NOT_OPEN) when it is not open."""
        ...

    async def start_scope(self, recording: RecordId, site: str) -> None: ...
    async def stop_scope(self, recording: RecordId) -> None: ...


# --- instruments -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CuffState:
    """Since when the cuff is there or not, and whether it runs for a visit now."""

    status: DeviceStatus
    is_running: bool
    visit: VisitId | None = None


CuffEvent = CuffState | LiveValue | Measurement | NoMeasurement


class Cuff(Protocol):
    """The blood-pressure cuff. A measurement is stamped with the visit given to `start`."""

    def events(self) -> AsyncIterator[CuffEvent]: ...
    async def start(self, visit: VisitId) -> None: ...
    async def stop(self) -> None:
        """Abort now; harmless when nothing runs."""
        ...
