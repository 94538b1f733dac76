"""All services of the workstation, and which of them hears which word. No rule stands here."""

from dataclasses import dataclass

from app.domain.call import WITH_FAR_SIDE, Phase
from app.domain.changes import Json
from app.domain.engine import (
    DevicesSeen,
    EngineAttached,
    EngineGone,
    FarScreen,
    LadderTold,
    LinkChanged,
    LiveFromFar,
    Measures,
    ScopeContinues,
    ScopeDone,
    ScopeProgress,
    ScopeProof,
    ScopeTimeline,
    SignalMade,
    SoundOpened,
    SoundPlaying,
    SoundRefused,
    SoundStopped,
)
from app.domain.exam_camera import (
    ControlsSeen,
    FarExamCamera,
    FarStill,
    StillDone,
    StillRefused,
)
from app.domain.ids import VisitId
from app.domain.server_words import LiveHeard
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.bp_protocol import BpProtocol
from app.services.call import Call, CallState
from app.services.call_log import CallLog
from app.services.camera_lease import CameraLease
from app.services.chart import Chart
from app.services.conflicts import Conflicts
from app.services.day_sheet import DaySheets
from app.services.departures import Departures
from app.services.desk import Desk
from app.services.device_ports import DevicePorts
from app.services.devices import Devices
from app.services.direct_line import DirectLine
from app.services.engine_room import EngineRoom
from app.services.erasures import Erasures
from app.services.exam_camera import ExamCamera
from app.services.far_devices import FarDevices
from app.services.far_vitals import FarVitals
from app.services.idle_lock import IdleLock
from app.services.leaving import Leaving, Loss
from app.services.listening import Listening
from app.services.message_files import MessageFiles
from app.services.messages import Messages
from app.services.notes import Notes
from app.services.observations import Observations
from app.services.receipts import Receipts
from app.services.recordings import Recordings
from app.services.relays import Relays
from app.services.sign_in import SignIn
from app.services.sound_labels import SoundLabels
from app.services.standing import DeviceStanding
from app.services.still_export import StillExport
from app.services.still_files import StillFiles
from app.services.stills import Stills
from app.services.store_care import StoreCare
from app.services.switchboard import Switchboard
from app.services.sync import Sync
from app.services.tray import Tray, TrayState
from app.services.unsent import Unsent
from app.services.visits import Visits
from app.services.vitals import Vitals
from app.services.worklist import Worklist


@dataclass(frozen=True, slots=True)
class Services:
    """What a clinician does; `start` and `close` in the order of the fields that need it."""

    acts: Acts
    switchboard: Switchboard
    sign_in: SignIn
    sync: Sync
    erasures: Erasures
    departures: Departures
    worklist: Worklist
    day_sheets: DaySheets
    chart: Chart
    unsent: Unsent
    conflicts: Conflicts
    devices: Devices
    device_ports: DevicePorts
    call: Call
    far_devices: FarDevices
    relays: Relays
    call_log: CallLog
    tray: Tray
    vitals: Vitals
    far_vitals: FarVitals
    bp_protocol: BpProtocol
    observations: Observations
    visits: Visits
    notes: Notes
    messages: Messages
    message_files: MessageFiles
    receipts: Receipts
    direct_line: DirectLine
    recordings: Recordings
    sound_labels: SoundLabels
    listening: Listening
    exam_camera: ExamCamera
    stills: Stills
    still_files: StillFiles
    still_export: StillExport
    camera_lease: CameraLease
    desk: Desk
    leaving: Leaving
    store_care: StoreCare
    standing: DeviceStanding
    idle_lock: IdleLock
    engine_room: EngineRoom


def wire(services: Services, tasks: TaskOwner) -> None:
    """Which service hears which word."""
    s = services
    of_call = (EngineAttached, EngineGone, SignalMade, LinkChanged, FarScreen, Measures, LadderTold)
    for kind in of_call:
        s.engine_room.on(kind, s.call.heard_engine)
    s.engine_room.on(EngineGone, lambda _: s.recordings.heard_gone())
    s.engine_room.on(EngineGone, lambda _: s.listening.heard_gone())
    s.engine_room.on(ScopeContinues, s.recordings.heard_continues)
    s.engine_room.on(ScopeProgress, s.recordings.heard_progress)
    s.engine_room.on(ScopeTimeline, s.recordings.heard_timeline)
    s.engine_room.on(ScopeDone, s.recordings.heard_done)
    s.engine_room.on(ScopeProof, s.recordings.heard_proof)
    s.engine_room.on(SoundOpened, s.listening.heard_opened)
    s.engine_room.on(SoundRefused, s.listening.heard_refused)
    s.engine_room.on(SoundPlaying, s.listening.heard_playing)
    s.engine_room.on(SoundStopped, s.listening.heard_stopped)
    s.engine_room.on(DevicesSeen, lambda word: s.devices.seen(word.devices))
    s.engine_room.on(DevicesSeen, s.exam_camera.heard_devices)
    s.engine_room.on(FarExamCamera, s.exam_camera.heard_far)
    s.engine_room.on(ControlsSeen, s.exam_camera.heard_controls)
    s.engine_room.on(EngineAttached, s.exam_camera.heard_attached)
    s.engine_room.on(EngineGone, lambda _: s.exam_camera.heard_gone())
    s.engine_room.on(StillDone, s.stills.heard_done)
    s.engine_room.on(StillRefused, s.stills.heard_refused)
    s.engine_room.on(FarStill, s.stills.heard_far)

    def attached(_: EngineAttached) -> None:
        tasks.start(s.desk.remember_call(), "remember the call")

    def live(word: LiveFromFar) -> None:
        call = s.call.state.value
        visit = call.visit
        # It names no visit: what was under way at hanging up is not the next patient's.
        if visit is not None and call.phase in WITH_FAR_SIDE:
            s.far_vitals.heard(visit, word.payload)
            s.far_devices.heard(visit, word.payload)
            s.direct_line.heard(visit, word.payload)
            s.message_files.heard(visit, word.payload)
            of_exam(visit, word.payload)

    def of_exam(visit: VisitId, payload: dict[str, Json]) -> None:
        s.stills.heard_from_far(visit, payload)
        s.camera_lease.heard_from_far(visit, payload)

    phase_before = Phase.IDLE

    def call_told(state: CallState) -> None:
        nonlocal phase_before
        phase_before, before = state.phase, phase_before
        if state.phase is Phase.ENDED and before is not Phase.ENDED:
            # By itself, too: no later screen shall look for it.
            tasks.start(s.desk.remember_call(), "forget the call")

    def tray_told(state: TrayState) -> None:
        s.leaving.would_lose(Loss.SET_ASIDE, bool(state.items) and not s.acts.is_kept)

    s.recordings.has_unkept.listen(lambda is_so: s.leaving.would_lose(Loss.RECORDING, is_so))
    s.stills.has_unkept.listen(lambda is_so: s.leaving.would_lose(Loss.STILL, is_so))
    s.engine_room.on(EngineAttached, attached)
    s.engine_room.on(EngineAttached, s.relays.heard_attached)
    s.engine_room.on(LiveFromFar, live)
    s.switchboard.on(LiveHeard, lambda word: s.far_vitals.heard(word.visit, word.payload))
    s.tray.state.listen(tray_told)
    s.switchboard.on(LiveHeard, lambda word: of_exam(word.visit, word.payload))
    s.switchboard.on(LiveHeard, lambda word: s.far_devices.heard(word.visit, word.payload))
    s.switchboard.on(LiveHeard, lambda word: s.direct_line.heard(word.visit, word.payload))
    s.call.state.listen(call_told)
