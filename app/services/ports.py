"""What the services need of the world, as Protocols. Adapters do not inherit; mypy compares them.

Every method may raise Unavailable, Untrusted or Rejected of app/domain/failures, nothing foreign.
What the store, too, must name stands in the domain and is handed on from here (`X as X`).
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from datetime import date
from typing import Protocol, TypeVar

from app.domain.access import Role
from app.domain.audit import AuditEvent, Witness
from app.domain.audit import DeviceEvent as DeviceEvent
from app.domain.call import RunningCall as RunningCall
from app.domain.call_log import CallReport, LadderStep
from app.domain.changes import (
    Change,
    ChangeResult,
    ConfirmedRecord,
    FeedCursor,
    FeedPage,
    Gone,
    Json,
    RecordType,
    UnsentTally,
)
from app.domain.changes import HeardRecord as HeardRecord
from app.domain.changes import NewChange as NewChange
from app.domain.changes import PendingChange as PendingChange
from app.domain.clock import ClockSample
from app.domain.conflicts import Conflict
from app.domain.cuff import CuffEvent as CuffEvent
from app.domain.cuff import CuffState as CuffState
from app.domain.engine import CallSetup as CallSetup
from app.domain.engine import DevicesSeen as DevicesSeen
from app.domain.engine import EngineAttached as EngineAttached
from app.domain.engine import EngineEvent as EngineEvent
from app.domain.engine import EngineGone as EngineGone
from app.domain.engine import Equipment as Equipment
from app.domain.engine import FarScreen as FarScreen
from app.domain.engine import LadderTold as LadderTold
from app.domain.engine import Levels as Levels
from app.domain.engine import LinkChanged as LinkChanged
from app.domain.engine import LinkPhase as LinkPhase
from app.domain.engine import LiveFromFar as LiveFromFar
from app.domain.engine import Measures as Measures
from app.domain.engine import ScopeContinues as ScopeContinues
from app.domain.engine import ScopeDone as ScopeDone
from app.domain.engine import ScopeProgress as ScopeProgress
from app.domain.engine import ScopeProof as ScopeProof
from app.domain.engine import ScopeTimeline as ScopeTimeline
from app.domain.engine import SignalMade as SignalMade
from app.domain.engine import SoundOpened as SoundOpened
from app.domain.engine import SoundPlaying as SoundPlaying
from app.domain.engine import SoundRefused as SoundRefused
from app.domain.engine import SoundStopped as SoundStopped
from app.domain.file_purges import FilePurge
from app.domain.ids import ChangeId, DeviceId, LinkId, PatientId, PersonId, RecordId, VisitId
from app.domain.ladder import Wants as Wants
from app.domain.listening import Listening, Playing, Slot
from app.domain.measurement import Measurement
from app.domain.messages import Message
from app.domain.near_words import NearHeard
from app.domain.notes import Note
from app.domain.patients import Patient
from app.domain.reading import Reading
from app.domain.recordings import Recording
from app.domain.relays import RelayAccess
from app.domain.server_words import ArrivingPart as ArrivingPart
from app.domain.server_words import ChainPart as ChainPart
from app.domain.server_words import DeviceCredentials as DeviceCredentials
from app.domain.server_words import FeedMovedHeard as FeedMovedHeard
from app.domain.server_words import Heard as Heard
from app.domain.server_words import LiveHeard as LiveHeard
from app.domain.server_words import PushAnswer as PushAnswer
from app.domain.server_words import RefusalHeard as RefusalHeard
from app.domain.server_words import RelaysHeard as RelaysHeard
from app.domain.server_words import RoomHeard as RoomHeard
from app.domain.server_words import SeatState as SeatState
from app.domain.server_words import SignalHeard as SignalHeard
from app.domain.server_words import SignedIn as SignedIn
from app.domain.server_words import SocketDown as SocketDown
from app.domain.server_words import SocketUp as SocketUp
from app.domain.sound_export import ExportForm, SavedSound, SoundExport
from app.domain.sound_labels import SoundLabel
from app.domain.stills import Still, StillMarks
from app.domain.tray import KnownBefore, Place, TrayItem
from app.domain.worklist import WorklistRow

ResultT = TypeVar("ResultT")


# --- the store ---------------------------------------------------------------------------------


class Outbox(Protocol):
    def add(self, new: NewChange) -> Change: ...
    def waiting(self, limit: int, behind: Sequence[Change] = ()) -> list[Change]:
        """In clinical order, then oldest first; behind a refused one, and behind those that are on
        their way, their records' are held back.
        """
        ...

    def all(self) -> list[PendingChange]: ...
    def refused(self) -> list[PendingChange]: ...
    def of_visit(self, visit: VisitId) -> list[Change]:
        """Oldest first; refused ones, too."""
        ...

    def unsent(self) -> UnsentTally: ...
    def shown(self, record_type: RecordType, record: RecordId) -> dict[str, Json] | None:
        """The document with this desk's own changes laid on it; None when there is none."""
        ...

    def stands_without(
        self, record_type: RecordType, record: RecordId, change: ChangeId
    ) -> dict[str, Json]:
        """What would be shown if the server said no to that change; empty when nothing would."""
        ...

    def settle(self, result: ChangeResult) -> None:
        """Accepted or already there: out of the outbox, into its table. Refused: stays, marked."""
        ...

    def drop(self, change: ChangeId) -> None:
        """A person gave a refused change up; its text stays in the audit by id only."""
        ...


class AuditLog(Protocol):
    def add(self, event: AuditEvent) -> DeviceEvent: ...
    def unacknowledged(self, limit: int, after: int = 0) -> list[DeviceEvent]: ...
    def acknowledge(self, until: int) -> None: ...
    def server_witness(self) -> Witness: ...
    def keep_server_witness(self, witness: Witness) -> None: ...


class Records(Protocol):
    """Confirmed records, with pending changes laid on top in everything that is `shown`."""

    def feed_position(self) -> int: ...
    def feed_cursor(self) -> FeedCursor: ...
    def apply(self, page: FeedPage) -> None:
        """Store a page and its cursor; only if the page's `since` equals the cursor."""
        ...

    def begin_anew(self) -> None:
        """The feed from its start, after what the server took from here and has forgotten."""
        ...

    def load_scope(self) -> None:
        """All who are to be seen here now, from the start; whoever is not of them leaves then."""
        ...

    def leave_scope(self, scope: str) -> list[str]:
        """Somebody sits here who sees others: whom they do not see leaves at once. The files."""
        ...

    def confirmed(self, record_type: RecordType, record: RecordId) -> ConfirmedRecord | None: ...
    def worklist(self, day: date) -> list[WorklistRow]: ...
    def unreadable_count(self, patient: PatientId) -> int:
        """Of this patient: kept here, and to be read by a later release only."""
        ...

    def find_patients(self, question: str, limit: int) -> list[Patient]: ...
    def visit_row(self, visit: VisitId) -> WorklistRow | None: ...
    def patient(self, patient: PatientId) -> Patient | None: ...
    def notes(self, patient: PatientId) -> list[Note]: ...
    def readings(self, patient: PatientId) -> list[Reading]: ...
    def recordings(self, patient: PatientId) -> list[Recording]: ...
    def sound_labels(self, patient: PatientId) -> list[SoundLabel]: ...
    def stills(self, patient: PatientId) -> list[Still]: ...
    def still_marks(self, patient: PatientId) -> list[StillMarks]: ...
    def messages(self, visit: VisitId) -> list[Message]: ...
    def ladder_steps(self, visit: VisitId) -> list[LadderStep]: ...
    def conflicts(self) -> list[Conflict]: ...
    def conflict(self, change: ChangeId) -> Conflict | None: ...
    def call_reports(self, visit: VisitId) -> list[CallReport]: ...


class Attachments(Protocol):
    """Files that a change points to: they must reach the server before the change does."""

    def add(self, file_sha256: str, byte_count: int) -> None: ...
    def unsent(self) -> list[str]: ...
    def mark_sent(self, file_sha256: str) -> None: ...
    def sent(self, after: str, limit: int) -> list[str]: ...
    def mark_unsent(self, file_sha256: str) -> None: ...
    def forget(self, file_sha256: str) -> None: ...


class FilePurges(Protocol):
    """Files erased on order that are still to be destroyed here."""

    def due(self) -> list[FilePurge]: ...
    def done(self, record: RecordId) -> None: ...


class Departures(Protocol):
    """Patients and records that left the feed and are still to be destroyed here."""

    def due(self, limit: int) -> list[Gone]:
        """Of whom nothing waits here for the server or a person."""
        ...

    def is_due(self, gone: Gone) -> bool: ...
    def leave(self, gone: Gone) -> list[str]:
        """Its rows go; the files that nothing opens any more."""
        ...

    def done(self, gone: Gone) -> None: ...


class HeardRecords(Protocol):
    """What the far desk told itself, shown until the server confirms the same."""

    def keep(self, heard: HeardRecord) -> bool:
        """Whether it is new here; Rejected when it is no record of this visit and patient."""
        ...


class Measurements(Protocol):
    """Every measurement that arrived here, until a person decides, and known again afterwards."""

    def known(self, measured: Measurement) -> KnownBefore | None: ...
    def told_again(self, record: RecordId) -> None: ...
    def put(self, item: TrayItem, place: Place) -> TrayItem: ...
    def waiting(self, place: Place) -> list[TrayItem]: ...
    def find(self, record: RecordId, place: Place) -> TrayItem | None: ...
    def crowded_out(self) -> RecordId | None:
        """Called before one more is put there: which one gave way, if one had to."""
        ...


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
    @property
    def heard(self) -> HeardRecords: ...
    @property
    def measurements(self) -> Measurements: ...
    @property
    def purges(self) -> FilePurges: ...
    @property
    def departures(self) -> Departures: ...


class Store(Protocol):
    """The encrypted store. `transaction` runs `work` whole on the worker thread, or not at all."""

    @property
    def is_kept(self) -> bool:
        """False: in memory only, nothing is kept when this window closes."""
        ...

    async def transaction(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT: ...
    async def look(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT:
        """`work` only reads; it waits for no write and holds none up."""
        ...

    async def erase_traces(self) -> None:
        """No log or copy holds what was overwritten; Unavailable when that cannot be now."""
        ...


class RecordingFiles(Protocol):
    """Encrypted chunk files beside the store; `wav` never touches the disk in the clear."""

    async def save(self, wav: bytes) -> tuple[str, str, int]:
        """-> (SHA-256 of the ciphertext, key in base64, bytes of ciphertext)."""
        ...

    async def ciphertext(self, file_sha256: str) -> bytes: ...
    async def has(self, file_sha256: str) -> bool: ...
    async def put(self, file_sha256: str, data: bytes) -> None:
        """Ciphertext of the far desk; Untrusted when it is not what its name says."""
        ...

    async def load(self, file_sha256: str, key: str) -> bytes: ...
    async def proven_bytes(self, file_sha256: str) -> int:
        """The length of the ciphertext, which was read through; Untrusted when it is damaged."""
        ...

    async def piece(self, file_sha256: str, start: int, most_bytes: int) -> bytes: ...
    async def arrived(self, file_sha256: str) -> int:
        """How much has come of one that is not here yet; it outlives a stop."""
        ...

    async def add_piece(self, file_sha256: str, start: int, piece: bytes) -> int:
        """How much has come now; Unavailable(STORE_FULL) leaves it as it was."""
        ...

    async def complete(self, file_sha256: str) -> None:
        """Here from now on; Untrusted, and thrown away, when it is not what its name says."""
        ...

    async def remove(self, file_sha256: str) -> None: ...


class OutsideFiles(Protocol):
    """Files of the machine outside of the profile, named by a person."""

    async def read(self, path: str, most_bytes: int) -> bytes: ...
    async def write(self, path: str, data: bytes) -> None: ...


# --- the server --------------------------------------------------------------------------------


class ServerApi(Protocol):
    """The companion server over HTTP. Each call has a limit; offline is Unavailable."""

    async def sign_in(
        self,
        username: str,
        password: str,
        role: Role,
        device: DeviceCredentials,
        known_certificate: str | None,
    ) -> SignedIn:
        """Untrusted when the server is not the one of `known_certificate`; None: first contact."""
        ...

    async def refresh(self, refresh_token: str, device: DeviceCredentials) -> str: ...
    async def sign_out(self) -> None:
        """The tokens are forgotten here at once, then the server is told."""
        ...

    async def clock_sample(self) -> ClockSample: ...
    async def push(
        self, changes: list[Change], events: list[DeviceEvent], cursor: str | None = None
    ) -> PushAnswer: ...
    async def feed(
        self, at: FeedCursor, on_following: Callable[[FeedCursor], None] | None = None
    ) -> FeedPage:
        """`on_following` hears, as early as can be, where the page behind this one begins."""
        ...

    async def chain(self, since: int) -> ChainPart: ...
    async def has_file(self, file_sha256: str) -> bool: ...
    async def lacking_files(self, names: list[str]) -> list[str]:
        """Those of them that the server has not, and would take."""
        ...

    async def begin_upload(self, file_sha256: str, byte_count: int) -> int:
        """Where to go on: 0, or what the server kept of this device's upload of it."""
        ...

    async def put_part(
        self, file_sha256: str, start: int, part: bytes, pieces: AsyncIterator[bytes]
    ) -> int:
        """Where to go on after it. `pieces` are the part's, and come when they may go.

        Rejected: OFFSET_WRONG, PART_DAMAGED, NOT_FOUND (it expired): ask `begin_upload` again;
        HASH_MISMATCH: the whole is not what its name says. Unavailable(SERVER_FULL): later.
        """
        ...

    async def get_part(self, file_sha256: str, start: int, most_bytes: int) -> ArrivingPart:
        """Never empty, but for a file that ends there."""
        ...


class SignallingChannel(Protocol):
    """One socket to the server, opened again by itself with growing pauses."""

    def events(self) -> AsyncGenerator[Heard, None]: ...
    async def join(self, visit: VisitId) -> None: ...
    async def look(self, visit: VisitId) -> None:
        """Who sits there is told, and signals pass; nobody there is told of us."""
        ...

    async def leave(self, visit: VisitId) -> None: ...
    def reaches(self, visit: VisitId) -> bool:
        """Whether a signal of that visit has a way now."""
        ...

    async def signal(self, visit: VisitId, link: LinkId, payload: dict[str, Json]) -> None: ...
    async def live(self, visit: VisitId, payload: dict[str, Json]) -> None: ...


class NearDesks(Protocol):
    """Desks on the same site that have proven who they are; open only while it is needed."""

    def events(self) -> AsyncGenerator[NearHeard, None]: ...
    def present(self, person: PersonId, name: str, role: Role, visit: VisitId | None) -> None:
        """Who works here and whose call they have joined: told to each desk, now and later."""
        ...

    async def signal(
        self, device: DeviceId, visit: VisitId, link: LinkId, payload: dict[str, Json]
    ) -> None:
        """Unavailable when that desk is not connected."""
        ...

    async def live(self, device: DeviceId, visit: VisitId, payload: dict[str, Json]) -> None: ...
    async def close(self) -> None: ...


# --- the call ----------------------------------------------------------------------------------


class CallEngine(Protocol):
    """The media process, seen from the screen. Sending never waits for the far end."""

    def events(self) -> AsyncIterator[EngineEvent]: ...
    async def look_for(self, equipment: Equipment) -> None:
        """Which of these are there is told while no call is prepared; none of them is opened."""
        ...

    async def prepare(self, setup: CallSetup) -> None:
        """A person asks: open camera and sound, show our own picture; no connection yet."""
        ...

    async def use_relays(self, access: RelayAccess) -> None:
        """For the links that are made from now on."""
        ...

    async def connect(self, link: LinkId, *, is_offerer: bool) -> None:
        """A new peer connection; an older link is closed when this one is live."""
        ...

    async def warm_up(self, link: LinkId, *, is_offerer: bool) -> None:
        """The same, before both people have joined: it carries no sound and no picture."""
        ...

    async def fill(self, link: LinkId) -> None:
        """Both have joined: that link is one like any other now; told as failed if it is gone."""
        ...

    async def heard_signal(self, link: LinkId, payload: dict[str, Json]) -> None: ...
    async def close_link(self) -> None: ...
    async def release(self) -> None:
        """Hang up: close the link, stop camera and microphone, forget the visit."""
        ...

    async def mute(self, is_muted: bool) -> None: ...
    async def show_camera(self, is_on: bool) -> None: ...
    async def want(self, wants: Wants) -> None:
        """Of the ladder; kept over rejoining, and told again to a process started anew."""
        ...

    async def send_live(self, payload: dict[str, Json]) -> None:
        """Over the call's data channel; Unavailable(CALL_NOT_OPEN) when it is not open."""
        ...

    async def start_scope(self, recording: RecordId, site: str) -> None:
        """Returns when it runs; Unavailable or Rejected with the reason when it does not."""
        ...

    async def stop_scope(self, recording: RecordId) -> None: ...
    async def scope_kept(self, recording: RecordId) -> None:
        """It is safe here: until this is said, each new attachment brings its ScopeDone again."""
        ...


class SoundRoom(Protocol):
    """The media process, as it is asked to let body sounds be heard."""

    async def listen(self, listening: Listening) -> None:
        """To the sound that runs; kept over a media process that is started anew."""
        ...

    async def open_sound(self, slot: Slot, recording: RecordId, wav: bytes) -> None:
        """SoundOpened or SoundRefused is told."""
        ...

    async def close_sound(self, slot: Slot) -> None: ...
    async def play_sound(self, playing: Playing) -> None:
        """SoundPlaying is told some times a second, SoundStopped at its end."""
        ...

    async def stop_sound(self) -> None: ...


class ExportSound(Protocol):
    """Writes a recording where a person said, in a process of its own."""

    async def __call__(
        self, wav: bytes, form: ExportForm, path: str, sound: SoundExport, patient: Patient
    ) -> SavedSound: ...


# --- instruments -------------------------------------------------------------------------------


class Instrument(Protocol):
    """What measures for a visit: a measurement is stamped with the visit given to `start`."""

    def events(self) -> AsyncIterator[CuffEvent]: ...
    async def start(self, visit: VisitId) -> None: ...
    async def stop(self) -> None:
        """Abort now; harmless when nothing runs."""
        ...


Cuff = Instrument  # the one that inflates
