"""One desk's services on fakes and the real store in memory, and one visit that it knows."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from app.domain.access import Role
from app.domain.audit import Act, AuditEvent
from app.domain.bp_protocol import BpPolicy
from app.domain.changes import ConfirmedRecord, FeedPage, PendingChange, RecordType
from app.domain.device import DeviceKind
from app.domain.engine import (
    EngineAttached,
    EngineGone,
    Equipment,
    FarScreen,
    LadderTold,
    LinkChanged,
    Measures,
    SignalMade,
    SoundOpened,
)
from app.domain.ids import PatientId, PersonId, RecordId, VisitId, new_id
from app.domain.people import Person
from app.domain.server_words import DeviceCredentials
from app.domain.visits import VisitState
from app.services.acts import Acts
from app.services.bp_protocol import BpProtocol
from app.services.call import Call
from app.services.call_log import CallLog
from app.services.chart import Chart
from app.services.conflicts import Conflicts
from app.services.desk import Desk
from app.services.direct_line import DirectLine
from app.services.engine_room import EngineRoom
from app.services.far_vitals import FarVitals
from app.services.listening import Listening
from app.services.message_files import MessageFiles
from app.services.messages import Messages
from app.services.notes import Notes
from app.services.observations import Observations
from app.services.ports import Instrument
from app.services.receipts import Receipts
from app.services.recordings import Recordings
from app.services.sign_in import SignIn
from app.services.sound_files import SoundFiles
from app.services.sound_labels import SoundLabels
from app.services.switchboard import Switchboard
from app.services.sync import Sync
from app.services.tray import Tray
from app.services.unsent import Unsent
from app.services.upload_pace import UploadPace
from app.services.visits import Visits
from app.services.vitals import Vitals
from app.services.worklist import Worklist
from offline_store.outside_files import OutsideFiles
from tests.fakes.channel import FakeChannel
from tests.fakes.cuff import FakeCuff
from tests.fakes.engine import FakeEngine
from tests.fakes.inline_store import InlineStore, inline_store
from tests.fakes.instrument import FakeInstrument
from tests.fakes.server import FakeServer
from tests.fakes.sound_writer import FakeSoundWriter
from tests.fakes.time_loop import LoopClock

EQUIPMENT = Equipment(camera=None, microphone=None, speaker=None, scope=None)
CALL_WORDS = (EngineAttached, EngineGone, SignalMade, LinkChanged, FarScreen, Measures, LadderTold)


def person_in(role: Role) -> Person:
    name = "Dr Lin" if role is Role.CLINICIAN else "Nurse Kim"
    return Person(PersonId(new_id()), name, role)


@dataclass(frozen=True, slots=True)
class Known:
    """A visit and its patient, as the server has them."""

    visit: VisitId
    patient: PatientId


@dataclass
class DeskOnFakes:
    """Everything between the screens and the world, with the world in a test's hand."""

    clock: LoopClock
    store: InlineStore
    server: FakeServer
    channel: FakeChannel
    engine: FakeEngine
    cuff: FakeCuff
    oximeter: FakeInstrument
    thermometer: FakeInstrument
    acts: Acts
    switchboard: Switchboard
    sign_in: SignIn
    sync: Sync
    worklist: Worklist
    chart: Chart
    unsent: Unsent
    conflicts: Conflicts
    call: Call
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
    sound_writer: FakeSoundWriter
    desk: Desk
    engine_room: EngineRoom

    def as_person(self, role: Role) -> Person:
        """Signed in already; how is told in test_sign_in."""
        person = person_in(role)
        self.acts.now_acting(person)
        return person

    async def knows_visit(
        self,
        state: VisitState = VisitState.BOOKED,
        *,
        family_name: str = "Doe",
    ) -> Known:
        """The feed brought a patient and a visit."""
        known = Known(VisitId(new_id()), PatientId(new_id()))
        since = await self.acts.read(lambda unit: unit.records.feed_position())
        records = (
            patient_record(known, family_name, since + 1),
            visit_record(known, state, self.clock.now().isoformat(), since + 2),
        )
        page = FeedPage(since, since + 2, records, has_more=False)
        await self.acts.do(lambda unit: unit.records.apply(page))
        return known

    async def server_moves_visit(self, known: Known, state: VisitState, version: int) -> None:
        """Somebody else moved it, and the feed told."""
        since = await self.acts.read(lambda unit: unit.records.feed_position())
        moved = visit_record(known, state, self.clock.now().isoformat(), since + 1, version)
        page = FeedPage(since, since + 1, (moved,), has_more=False)
        await self.acts.do(lambda unit: unit.records.apply(page))

    async def pending(self) -> list[PendingChange]:
        return await self.acts.read(lambda unit: unit.outbox.all())

    async def audited(self) -> list[AuditEvent]:
        events = await self.acts.read(lambda unit: unit.audit.unacknowledged(10_000))
        return [item.event for item in events]

    async def acts_audited(self) -> list[Act]:
        return [event.act for event in await self.audited()]

    def listens(self) -> None:
        """Start everything but the exchange with the server."""
        room = self.engine_room
        for kind in CALL_WORDS:
            room.on(kind, self.call.heard_engine)
        room.on(SoundOpened, self.listening.heard_opened)
        call_part = (self.call, self.call_log)
        instruments = (self.tray, self.vitals, self.bp_protocol)
        lists = (self.worklist, self.chart, self.unsent, self.conflicts)
        for service in (*lists, *call_part, *instruments, room):
            service.start()
        self.switchboard.start()

    async def close(self) -> None:
        for service in (
            self.engine_room,
            self.listening,
            self.recordings,
            self.bp_protocol,
            self.vitals,
            self.far_vitals,
            self.tray,
            self.call_log,
            self.call,
            self.conflicts,
            self.unsent,
            self.chart,
            self.worklist,
            self.sync,
            self.switchboard,
        ):
            await service.close()


def patient_record(known: Known, family_name: str, position: int) -> ConfirmedRecord:
    fields = {
        "family_name": family_name,
        "given_name": "Ana",
        "born": "1945-07-14",
        "record_number": str(known.patient.int % 10**10),
    }
    return record_of(RecordType.PATIENT, RecordId(known.patient), fields, known, position)


def visit_record(
    known: Known, state: VisitState, starts_at: str, position: int, version: int = 1
) -> ConfirmedRecord:
    fields = {"patient": str(known.patient), "starts_at": starts_at, "state": str(state)}
    return record_of(RecordType.VISIT, RecordId(known.visit), fields, known, position, version)


def record_of(
    record_type: RecordType,
    record: RecordId,
    fields: dict[str, Any],
    known: Known,
    position: int,
    version: int = 1,
) -> ConfirmedRecord:
    return ConfirmedRecord(
        record_type=record_type,
        record=record,
        version=version,
        position=position,
        schema=1,
        body=json.dumps(fields).encode(),
        patient=known.patient,
        visit=None if record_type is RecordType.PATIENT else known.visit,
    )


@asynccontextmanager
async def desk_on_fakes(
    role: Role,
    *,
    has_cuff: bool = True,
    is_kept: bool = True,
    instruments: Mapping[DeviceKind, Instrument] | None = None,
) -> AsyncIterator[DeskOnFakes]:
    """Wired as main.py wires it; nothing listens until the test says so.

    `instruments` stand in the places of the fake ones of their kinds.
    """
    clock = LoopClock(asyncio.get_running_loop())
    with inline_store() as store:
        device = await store.transaction(
            lambda unit: DeviceCredentials(
                unit.kept.device_id(), "desk of the tests", unit.kept.device_private_key()
            )
        )
        server, channel, engine = FakeServer(clock), FakeChannel(), FakeEngine()
        cuff = FakeCuff(clock, is_chosen=has_cuff)
        acts = Acts(store, clock, device.id)
        switchboard = Switchboard(channel, clock)
        sign_in = SignIn(
            server_api=server,
            acts=acts,
            device=device,
            role=role,
            server="here",
            is_kept=is_kept,
            files=store.recordings,
        )
        chart, visits = Chart(acts), Visits(acts)
        call = Call(engine=engine, switchboard=switchboard, acts=acts, role=role)
        sync = Sync(
            server_api=server,
            files=store.recordings,
            acts=acts,
            switchboard=switchboard,
            renew_tokens=sign_in.renew_tokens,
            mend_conflict=visits.make_anew,
            pace=UploadPace(call.state),
        )
        oximeter = FakeInstrument(DeviceKind.OXIMETER, clock, is_stream=True)
        thermometer = FakeInstrument(DeviceKind.THERMOMETER, clock)
        fakes: dict[DeviceKind, Instrument] = {
            DeviceKind.BLOOD_PRESSURE_CUFF: cuff,
            DeviceKind.OXIMETER: oximeter,
            DeviceKind.THERMOMETER: thermometer,
        }
        tray = Tray(acts, chart, call.tell_far)
        vitals = Vitals(
            acts=acts,
            chart=chart,
            tray=tray,
            instruments={**fakes, **(instruments or {})},
            tell_far=call.tell_far,
        )
        desk = Desk(
            acts=acts,
            chart=chart,
            call=call,
            visits=visits,
            vitals=vitals,
            role=role,
            equipment=EQUIPMENT,
            running=lambda: engine.running_call,
        )
        message_files = MessageFiles(
            acts=acts,
            chart=chart,
            call=call,
            engine=engine,
            files=store.recordings,
            outside=OutsideFiles(),
            server_api=server,
            files_sent=sync.files_sent,
            is_server_there=lambda: sync.state.value.is_reachable,
        )
        sound_writer = FakeSoundWriter()
        services = DeskOnFakes(
            clock=clock,
            store=store,
            server=server,
            channel=channel,
            engine=engine,
            cuff=cuff,
            oximeter=oximeter,
            thermometer=thermometer,
            acts=acts,
            switchboard=switchboard,
            sign_in=sign_in,
            sync=sync,
            worklist=Worklist(acts),
            chart=chart,
            unsent=Unsent(acts),
            conflicts=Conflicts(acts),
            call=call,
            call_log=CallLog(acts, call.state, role),
            tray=tray,
            vitals=vitals,
            far_vitals=FarVitals(acts, chart),
            bp_protocol=BpProtocol(
                acts=acts,
                chart=chart,
                vitals=vitals,
                tray=tray,
                tell_far=call.tell_far,
                policy=BpPolicy(),
            ),
            observations=Observations(acts, chart, call.tell_far),
            visits=visits,
            notes=Notes(acts, chart),
            messages=Messages(acts, chart),
            message_files=message_files,
            receipts=Receipts(acts=acts, chart=chart, call=call, files=message_files),
            direct_line=DirectLine(acts=acts, call=call, engine=engine),
            recordings=Recordings(acts=acts, chart=chart, engine=engine, files=store.recordings),
            sound_labels=SoundLabels(acts, chart),
            listening=Listening(
                acts=acts,
                chart=chart,
                room=engine.sounds,
                files=SoundFiles(store.recordings, server),
                export=sound_writer,
                version="0.0",
            ),
            sound_writer=sound_writer,
            desk=desk,
            engine_room=EngineRoom(engine),
        )
        try:
            yield services
        finally:
            await services.close()
