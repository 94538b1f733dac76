"""Bedside's screen: arguments, settings, every object built by hand, opened in order, closed back.

The one file that knows everyone. No rule of the clinic stands here.
"""

import asyncio
import gc
import os
import socket
import sys
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace

if __name__ == "__main__":  # what a start reads and builds stays: looking for garbage in it takes
    gc.disable()  # a tenth to a fifth of the time

from PySide6.QtWidgets import QApplication

from app.domain.access import Role
from app.domain.call import Phase
from app.domain.clock import SystemClock
from app.domain.engine import Equipment
from app.domain.failures import Code, Failure, Rejected, Unavailable
from app.domain.program import VERSION
from app.domain.server_words import DeviceCredentials
from app.domain.standing import SignedRevocation
from app.remote.address import server_address
from app.remote.late_near_desks import LateNearDesks
from app.remote.server_api import ServerApi
from app.remote.server_places import ServerPlaces
from app.remote.signalling_channel import SignallingChannel
from app.remote.tokens import Tokens
from app.runtime.log import set_up
from app.runtime.loop_watch import LoopWatch
from app.runtime.network_watch import NetworkWatch
from app.runtime.process_guard import forbid_core_dumps, make_files_private
from app.runtime.tasks import TaskOwner
from app.services import ports
from app.services.acts import Acts
from app.services.all_services import Services, wire
from app.services.bp_protocol import BpProtocol
from app.services.call import Call
from app.services.call_log import CallLog
from app.services.camera_lease import CameraLease
from app.services.chart import Chart
from app.services.conflicts import Conflicts
from app.services.day_sheet import DaySheets
from app.services.departures import Departures
from app.services.desk import Desk
from app.services.device_ports import DevicePorts, Instruments
from app.services.devices import Devices
from app.services.direct_line import DirectLine
from app.services.engine_room import EngineRoom
from app.services.erasures import Erasures
from app.services.exam_camera import CameraMover, ExamCamera
from app.services.far_devices import FarDevices
from app.services.far_vitals import FarVitals
from app.services.idle_lock import IdleLock
from app.services.leaving import Leaving
from app.services.listening import Listening
from app.services.message_files import MessageFiles
from app.services.messages import Messages
from app.services.notes import Notes
from app.services.observations import Observations
from app.services.receipts import Receipts
from app.services.recordings import Recordings
from app.services.relays import Relays
from app.services.sign_in import SignIn, SignInPhase
from app.services.signalling_ways import SignallingWays
from app.services.sound_files import SoundFiles
from app.services.sound_labels import SoundLabels
from app.services.standing import (
    DeviceStanding,
    keep_revocations,
    what_proves_this_device,
)
from app.services.still_export import StillExport
from app.services.still_files import StillFiles
from app.services.stills import Stills
from app.services.store_care import StoreCare
from app.services.switchboard import Switchboard
from app.services.sync import Sync
from app.services.tray import Tray
from app.services.unsent import Unsent
from app.services.upload_pace import UploadPace
from app.services.visits import Visits
from app.services.vitals import Vitals
from app.services.worklist import Worklist
from app.settings import Settings, read_settings
from media.link.messages import Which
from media.link.remote_control import RemoteControl
from media.link.sound_export import export_sound
from media.link.still_export import StillExporter
from offline_store.database import OfflineStore, open_store, read_witness
from offline_store.outside_files import OutsideFiles
from offline_store.pin import refuse_short
from peripherals.camera_head import CameraHead
from peripherals.instruments import CUFF_DRIVERS, DEVICE_DRIVERS, instruments_of
from ui import theme
from ui.day_sheet_paper import day_sheet_pdf
from ui.display import has_display, no_display
from ui.main_window import MainWindow
from ui.models import make_models
from ui.opening import ask_pin, may_begin_anew
from ui.qt_loop import Defects, LeaveSignals, make_application, run
from ui.view_models.window import WindowViewModel
from ui.views.freeze_key import is_freeze_key
from ui.widgets.dress import dress
from ui.widgets.touches import Touches
from ui.widgets.video_surface import PictureSources

EXIT_CANNOT_OPEN = 3
RESTART = 4
FLUSH_LIMIT_S = 3.0


@dataclass(frozen=True, slots=True)
class Wish:
    """How a person wants the store opened."""

    begins_anew: bool = False
    pin: str | None = None
    renews_key: bool = False


async def work(settings: Settings, application: QApplication) -> int:
    """The whole life of the window; the exit code of the program."""
    wish: Wish | None = Wish(renews_key=settings.renews_key)
    while wish is not None:
        try:
            async with AsyncExitStack() as house:
                store = await house.enter_async_context(
                    open_store(
                        settings.profile,
                        begins_anew=wish.begins_anew,
                        pin=wish.pin,
                        renews_key=wish.renews_key,
                    )
                )
                wish = replace(wish, renews_key=False)
                pin = await wanted_pin(settings, application, store, wish)
                if pin is None:
                    return await in_store(settings, application, store, house)
                wish = replace(wish, pin=pin)
        except Failure as failure:
            wish = await what_now(failure, wish, application)
    return EXIT_CANNOT_OPEN


async def what_now(failure: Failure, wish: Wish, application: QApplication) -> Wish | None:
    """A person says how to go on; None: not at all."""
    if failure.code in (Code.PIN_NEEDED, Code.PIN_WRONG):
        code = failure.code if failure.code is Code.PIN_WRONG else None
        pin = await ask_pin(application, is_new=False, code=code)
        return None if pin is None else replace(wish, pin=pin)
    if await may_begin_anew(application, failure.code):
        return replace(wish, begins_anew=True)
    return None


async def wanted_pin(
    settings: Settings, application: QApplication, store: OfflineStore, wish: Wish
) -> str | None:
    """A new PIN by which a store that is not kept is opened again; of a kept one it is set."""
    if not settings.asks_pin or wish.pin is not None or store.has_unopened_store or store.has_pin:
        return None
    code: Code | None = None
    while (pin := await ask_pin(application, is_new=True, code=code)) is not None:
        try:
            if not store.is_kept:
                refuse_short(pin)
                return pin
            await store.set_pin(pin)
            return None
        except Rejected as no:
            code = no.code
    return None


async def in_store(
    settings: Settings, application: QApplication, store: OfflineStore, house: AsyncExitStack
) -> int:
    clock, tokens = SystemClock(), Tokens()
    device, running = await store.transaction(
        lambda unit: (
            DeviceCredentials(
                unit.kept.device_id(), settings.device_name, unit.kept.device_private_key()
            ),
            unit.kept.running_call(),
        )
    )
    urls = (settings.server, *settings.other_servers)
    places = ServerPlaces(*(server_address(url, settings.ca) for url in urls))
    server_api = await house.enter_async_context(ServerApi(places, tokens, clock, device.id))
    channel, near = SignallingChannel(places, tokens), LateNearDesks(clock)

    async def open_near() -> bool:
        if not settings.opens_to_site:
            return False
        proof = await store.transaction(what_proves_this_device)
        if proof is not None:
            await near.open(device, *proof)
        return proof is not None

    async def keep_told(told: tuple[SignedRevocation, ...]) -> None:
        with suppress(Failure):  # whoever told it tells it again
            await store.transaction(keep_revocations(told))

    ways = SignallingWays(
        channel, near, clock, device=device.id, role=settings.role, open_near=open_near
    )
    defects = Defects(settings.profile / "defects")
    defects.watch(asyncio.get_running_loop())
    tasks = await house.enter_async_context(TaskOwner("window", defects.on_defect))
    near.on_revocations = lambda told: tasks.start(keep_told(told), "revocations")
    engine = RemoteControl(running)
    instruments = await house.enter_async_context(
        instruments_of(
            settings.profile,
            settings.devices,
            clock,
            defects.on_defect,
            traces=settings.device_traces,
        )
    )
    head = None
    if settings.camera_head is not None:
        head = await house.enter_async_context(
            CameraHead(settings.camera_head, clock=clock, on_defect=defects.on_defect)
        )
    services = make_services(
        settings, store, server_api, ways, device, engine, instruments, clock, head
    )
    channel.renew = services.sign_in.renew_tokens

    def network_changed() -> None:
        services.call.network_changed()
        tasks.start(channel.network_changed(), "another address")
        near.network_changed()

    tasks.start_lasting(NetworkWatch(network_changed).run, "network watch")
    models, window_model = make_models(
        services,
        tasks,
        clock,
        role=settings.role,
        device_name=settings.device_name,
        policy=settings.vitals_policy,
        freeze_key=settings.freeze_key,
        why_not_kept=store.why_not_kept,
        answering=lambda: places.answering,
    )
    look = theme.Look(is_touch=settings.role is Role.PRESENTER)
    dress(application, look)
    sources = PictureSources(engine.far_picture, engine.self_picture, engine.exam_picture)
    window = MainWindow(models, look, sources, engine.sounds.strips)
    defects.reported.connect(window.tell_defect)
    join_pictures(window, engine)
    wire(services, tasks)
    services.sign_in.state.listen(lambda state: ways.person_is(state.person))
    if running is not None:
        await services.sign_in.reopen(has_running_call=True)
        if services.sign_in.state.value.phase is SignInPhase.LOCKED:
            await services.desk.resume(running)
    window.show()
    Touches(window, services.idle_lock.touched)
    start(services, engine, tasks)
    gc.freeze()
    gc.enable()
    if settings.role is Role.PRESENTER:
        tasks.start(services.desk.look_for_equipment(), "look for equipment")
    code = await until_left(window_model)
    window.hide()
    await end(services, engine, is_restart=code == RESTART)
    return code


def make_services(
    settings: Settings,
    store: OfflineStore,
    server_api: ServerApi,
    channel: ports.SignallingChannel,
    device: DeviceCredentials,
    engine: RemoteControl,
    instruments: Instruments,
    clock: SystemClock,
    head: CameraMover | None = None,
) -> Services:
    role, devices, leaving = settings.role, Devices(), Leaving()
    acts = Acts(store, clock, device.id)
    switchboard = Switchboard(channel, clock)
    sign_in = SignIn(
        server_api=server_api,
        acts=acts,
        device=device,
        role=role,
        server=settings.server,
        is_kept=store.is_kept,
        files=store.recordings,
        has_unopened_store=store.has_unopened_store,
    )
    chart, visits = Chart(acts), Visits(acts)
    worklist, unsent, conflicts = Worklist(acts), Unsent(acts), Conflicts(acts)
    call = Call(engine=engine, switchboard=switchboard, acts=acts, role=role)
    sync = Sync(
        server_api=server_api,
        files=store.recordings,
        acts=acts,
        switchboard=switchboard,
        renew_tokens=sign_in.renew_tokens,
        mend_conflict=visits.make_anew,
        pace=UploadPace(call.state),
    )
    tray = Tray(acts, chart, call.tell_far)
    vitals = Vitals(
        acts=acts,
        chart=chart,
        tray=tray,
        instruments=instruments.slots,
        tell_far=call.tell_far,
    )
    policy = settings.vitals_policy
    bp_protocol = BpProtocol(
        acts=acts,
        chart=chart,
        vitals=vitals,
        tray=tray,
        tell_far=call.tell_far,
        policy=policy.pressures,
    )
    equipment = Equipment(
        settings.camera,
        settings.microphone,
        settings.speaker,
        settings.stethoscope,
        settings.has_echo_control,
        settings.exam_camera,
    )
    desk = Desk(
        acts=acts,
        chart=chart,
        call=call,
        visits=visits,
        vitals=vitals,
        role=role,
        equipment=equipment,
        running=lambda: engine.running_call,
    )
    message_files = MessageFiles(
        acts=acts,
        chart=chart,
        call=call,
        engine=engine,
        files=store.recordings,
        outside=OutsideFiles(),
        server_api=server_api,
        files_sent=sync.files_sent,
        is_server_there=lambda: sync.state.value.is_reachable,
    )
    exam = ExamCamera(
        engine=engine.exam,
        call=call,
        chart=chart,
        has_camera=settings.exam_camera is not None,
        head=head,
    )
    still_files = StillFiles(
        acts=acts,
        chart=chart,
        files=store.recordings,
        server_api=server_api,
        tell_far=call.tell_far,
        is_server_there=lambda: sync.state.value.is_reachable,
        has_camera=settings.exam_camera is not None,
    )
    return Services(
        acts=acts,
        switchboard=switchboard,
        sign_in=sign_in,
        sync=sync,
        erasures=Erasures(acts, store, store.recordings),
        departures=Departures(acts, store, store.recordings, chart.is_open),
        worklist=worklist,
        chart=chart,
        day_sheets=DaySheets(
            acts=acts,
            outside=OutsideFiles(),
            printer=lambda sheet: day_sheet_pdf(sheet, clock),
            device=settings.device_name,
            heard_at=lambda: sync.state.value.last_contact,
            is_demonstration=lambda: sign_in.state.value.is_demonstration,
        ),
        unsent=unsent,
        conflicts=conflicts,
        devices=devices,
        device_ports=DevicePorts(instruments, devices, clock),
        call=call,
        far_devices=FarDevices(acts=acts, chart=chart, call=call, devices=devices, role=role),
        relays=Relays(
            engine=engine,
            switchboard=switchboard,
            authority=None if settings.ca is None else str(settings.ca),
        ),
        call_log=CallLog(acts, call.state, role),
        tray=tray,
        vitals=vitals,
        far_vitals=FarVitals(acts, chart),
        bp_protocol=bp_protocol,
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
            files=SoundFiles(store.recordings, server_api),
            export=export_sound,
            version=VERSION,
        ),
        exam_camera=exam,
        stills=Stills(
            acts=acts, chart=chart, exam=exam, engine=engine.exam, files=store.recordings
        ),
        still_files=still_files,
        still_export=StillExport(
            acts=acts,
            chart=chart,
            files=still_files,
            exporter=StillExporter(),
            outside=OutsideFiles(),
        ),
        camera_lease=CameraLease(
            acts=acts,
            chart=chart,
            call=call,
            exam=exam,
            policy=settings.far_control,
            tell_far=call.tell_far,
        ),
        desk=desk,
        leaving=leaving,
        idle_lock=IdleLock(
            sign_in=sign_in,
            clock=clock,
            after_s=settings.lock_after_s,
            is_busy=lambda: is_busy(call, vitals, bp_protocol, leaving),
            shown=(worklist, unsent, conflicts, desk),
            rest=store.rest,
            stay_awake=store.stay_awake,
        ),
        standing=DeviceStanding(
            server_api=server_api,
            acts=acts,
            device=device,
            sign_out=sign_in.sign_out,
            wipe=store.wipe,
        ),
        store_care=StoreCare(
            upkeep=store.upkeep,
            acts=acts,
            is_busy=lambda: is_busy(call, vitals, bp_protocol, leaving) or store.rests,
            keep_for=settings.keep_for,
            put_back=store.restored.changes,
            was_begun_anew=store.was_begun_anew,
        ),
        engine_room=EngineRoom(engine),
    )


def is_busy(call: Call, vitals: Vitals, series: BpProtocol, leaving: Leaving) -> bool:
    """A call or a series runs, an instrument measures, or what is not kept yet would be lost."""
    is_called = call.state.value.phase not in (Phase.IDLE, Phase.ENDED)
    is_running = any(one.is_running for one in vitals.state.value.instruments.values())
    is_measuring = is_running or series.state.value.is_active
    return is_called or is_measuring or bool(leaving.losses.value)


def join_pictures(window: MainWindow, engine: RemoteControl) -> None:
    """Newest picture from the media process to its surface, the surface's size back."""
    for which, surface in (
        (Which.FAR, window.frame.visit.call.far),
        (Which.SELF, window.frame.visit.call.own),
        (Which.EXAM, window.frame.visit.call.exam),
    ):
        engine.on_picture(which, surface.notify)
        surface.wanted.connect(
            lambda width, height, which=which: engine.surface_size(which, width, height)
        )


def start(services: Services, engine: RemoteControl, tasks: TaskOwner) -> None:
    """Everything that listens; the exchange with the server begins once somebody is there."""
    s = services
    engine.open()
    listening = (
        s.worklist,
        s.chart,
        s.unsent,
        s.conflicts,
        s.call,
        s.call_log,
        s.tray,
        s.vitals,
        s.bp_protocol,
        s.device_ports,
        s.far_devices,
        s.receipts,
        s.direct_line,
        s.message_files,
        s.still_files,
        s.camera_lease,
        s.erasures,
        s.departures,
        s.store_care,
        s.standing,
        s.idle_lock,
    )
    for service in (*listening, s.engine_room):
        service.start()
    is_connected = False

    def signed_in_or_locked(phase: SignInPhase) -> None:
        nonlocal is_connected
        if phase is SignInPhase.LOCKED:
            s.call.screen_locked()
        s.standing.ask()
        if phase in (SignInPhase.SIGNED_IN, SignInPhase.LOCKED):
            s.sync.start()
            if not is_connected:
                is_connected = True
                s.switchboard.start()

    s.sign_in.state.listen(lambda state: signed_in_or_locked(state.phase))
    tasks.start(LoopWatch().run(), "loop watch")


async def until_left(model: WindowViewModel) -> int:
    """Until the window is closed or the system asks for the end."""
    left: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def leave(code: int) -> None:
        if not left.done():
            left.set_result(code)

    model.wants_to_leave.connect(lambda: leave(0))
    model.wants_to_restart.connect(lambda: leave(RESTART))
    signals = LeaveSignals(lambda: leave(0))
    try:
        return await left
    finally:
        signals.close()


async def end(services: Services, engine: RemoteControl, *, is_restart: bool) -> None:
    """Hang up unless the next screen takes over; close in the reverse order of opening."""
    s = services
    if not is_restart:
        with suppress(Rejected, Unavailable, TimeoutError):
            async with asyncio.timeout(FLUSH_LIMIT_S):
                if s.call.state.value.phase not in (Phase.IDLE, Phase.ENDED):
                    await s.desk.hang_up()
                await s.desk.leave()
        with suppress(Unavailable):
            await s.recordings.finish()  # it has a limit of its own
    await s.call_log.finish()
    if not s.sign_in.state.value.is_kept:  # else it stays in the store and is sent next time
        with suppress(Failure):
            await s.sync.send_now(FLUSH_LIMIT_S)
    for service in (
        s.idle_lock,
        s.standing,
        s.store_care,
        s.engine_room,
        s.direct_line,
        s.receipts,
        s.message_files,
        s.listening,
        s.departures,
        s.erasures,
        s.camera_lease,
        s.still_files,
        s.stills,
        s.exam_camera,
        s.recordings,
        s.bp_protocol,
        s.far_devices,
        s.device_ports,
        s.far_vitals,
        s.call_log,
        s.call,
        s.unsent,
        s.conflicts,
        s.chart,
        s.worklist,
        s.sync,
        s.switchboard,
        s.relays,
    ):
        await service.close()
    await (engine.leave() if is_restart else engine.quit())
    await s.vitals.close()  # last: what an instrument still says finds its way to the tray
    await s.tray.close()


async def show_witness(settings: Settings) -> int:
    try:
        witness = await read_witness(settings.profile)
    except Failure as failure:
        print(f"cannot read this profile's store: {failure.code}", file=sys.stderr)
        return EXIT_CANNOT_OPEN
    print(f"{witness.count}:{witness.digest}")
    return 0


def main() -> int:
    settings = read_settings(
        sys.argv[1:],
        socket.gethostname(),
        cuff_drivers=CUFF_DRIVERS,
        device_drivers=DEVICE_DRIVERS,
        is_freeze_key=is_freeze_key,
    )
    make_files_private()
    forbid_core_dumps()
    set_up("screen")
    if settings.shows_witness:
        return asyncio.run(show_witness(settings))
    if not has_display():
        print(no_display(), file=sys.stderr)
        return EXIT_CANNOT_OPEN
    application = make_application("bedside")
    code = run(application, work(settings, application))
    if code == RESTART:
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606  our own program again
    return code


if __name__ == "__main__":
    sys.exit(main())
