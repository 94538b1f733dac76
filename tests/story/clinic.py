"""A whole clinic in one process: the real server, and desks put together by main.py on fakes.

Real are server, store, services, view models and everything in app/remote; not real are media,
cuff and the wires between. Nothing here sleeps: time is the loop's, and the loop jumps.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import main
from app.domain.access import Role
from app.domain.call import RunningCall
from app.domain.changes import RecordType
from app.domain.ids import PatientId, VisitId, new_id
from app.domain.people import Person
from app.domain.server_words import DeviceCredentials
from app.domain.visits import VisitState
from app.remote.address import server_address
from app.remote.server_api import ServerApi
from app.remote.server_places import ServerPlaces
from app.remote.signalling_channel import SignallingChannel
from app.remote.tokens import Tokens
from app.runtime.tasks import TaskOwner
from app.services.all_services import wire
from app.services.sign_in import SignInPhase
from app.services.signalling_ways import SignallingWays
from app.settings import Settings
from media.link.remote_control import RemoteControl
from offline_store.database import OfflineStore
from server.settings import ServerSettings
from tests.fakes.cuff import FakeCuff
from tests.fakes.engine import FakeEngine
from tests.fakes.instruments import FakeInstruments
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.near_site import NearHere, NearSite
from tests.fakes.network import Network
from tests.fakes.store import kept_store
from tests.fakes.time_loop import LoopClock, until
from tests.server.given import CHEAP, PASSWORD, HandClock, opened_folder
from tests.server.given import Clinic as ServerClinic
from ui.models import make_models
from ui.view_models.window import Page, WindowViewModel
from ui.views.frame import Models

ADDRESS = "http://127.0.0.1:8470"
USERNAME = {Role.CLINICIAN: "dr-lin", Role.PRESENTER: "nurse-kim"}


@dataclass(frozen=True, slots=True)
class Booked:
    """A visit of today and its patient."""

    visit: VisitId
    patient: PatientId


class Desk:
    """One program at one place. Its profile, keyring and line outlive it."""

    def __init__(self, clinic: "Clinic", name: str, role: Role) -> None:
        self.clinic = clinic
        self.role = role
        self.network = Network(clinic.server.app)
        self.ring = KeyringInMemory()
        self.engine = FakeEngine(RunningCall(VisitId(new_id()), "/run/media.sock", bytes(32), 1))
        self.settings = Settings(
            role=role,
            server=ADDRESS,
            profile=clinic.folder / name,
            ca=None,
            device_name=name,
            camera=None,
            microphone="",
            speaker="",
            stethoscope=None,
            cuff="/dev/ttyTest" if role is Role.PRESENTER else None,
            exam_camera="exam.avi" if role is Role.PRESENTER else None,
            shows_witness=False,
            lock_after_s=None,  # whoever plays these people touches no screen
        )

    async def starts(self) -> None:
        """What main.py does between its first line and the shown window."""
        self._house = AsyncExitStack()
        enter = self._house.enter_async_context
        self.store: OfflineStore = await enter(kept_store(self.settings.profile, self.ring))
        clock, tokens = self.clinic.clock, Tokens()
        device, running = await self.store.transaction(
            lambda unit: (
                DeviceCredentials(
                    unit.kept.device_id(),
                    self.settings.device_name,
                    unit.kept.device_private_key(),
                ),
                unit.kept.running_call(),
            )
        )
        address = server_address(ADDRESS)
        api = await enter(ServerApi(ServerPlaces(address), tokens, clock, device.id, self.network))
        channel = SignallingChannel(
            ServerPlaces(address), tokens, cast(Any, self.network.open_socket)
        )
        near = NearHere(device.id, self.clinic.site)
        ways = SignallingWays(
            channel,
            near,
            cast(Any, clock),
            device=device.id,
            role=self.settings.role,
            open_near=near.open,
        )
        self.tasks = await enter(TaskOwner("window", self.clinic.defects.append))
        self.cuff = FakeCuff(clock)
        has_cuff = self.settings.cuff is not None
        self.instruments = FakeInstruments(clock, self.cuff if has_cuff else None)
        engine = cast(RemoteControl, self.engine)
        self.services = main.make_services(
            self.settings,
            self.store,
            api,
            ways,
            device,
            engine,
            self.instruments,
            cast(Any, clock),
        )
        channel.renew = self.services.sign_in.renew_tokens
        models = make_models(
            self.services,
            self.tasks,
            clock,
            role=self.settings.role,
            device_name=self.settings.device_name,
            policy=self.settings.vitals_policy,
            freeze_key="F9",
            why_not_kept=self.store.why_not_kept,
            answering=lambda: "",
        )
        self.models: Models = models[0]
        self.window: WindowViewModel = models[1]
        wire(self.services, self.tasks)
        self.services.sign_in.state.listen(lambda state: ways.person_is(state.person))
        if running is not None:
            await self.services.sign_in.reopen(has_running_call=True)
            if self.services.sign_in.state.value.phase is SignInPhase.LOCKED:
                await self.services.desk.resume(running)
        main.start(self.services, engine, self.tasks)

    async def ends(self) -> None:
        """The person closes the window."""
        await main.end(self.services, cast(RemoteControl, self.engine), is_restart=False)
        await self._house.aclose()

    async def crashes(self) -> None:
        """The screen's process is gone; what the store has committed and the call's process stay.

        What runs is only let go of: nothing is hung up, said or written.
        """
        await main.end(self.services, cast(RemoteControl, self.engine), is_restart=True)
        self.network.breaks_sockets()
        await self._house.aclose()
        self.engine.loses_its_screen()

    # --- what a person does ------------------------------------------------------------------

    @property
    def page(self) -> Page:
        return self.window.compose().page

    async def signs_in(self) -> None:
        self.models.sign_in.sign_in(USERNAME[self.role], PASSWORD)
        await until(lambda: self.services.sign_in.state.value.phase is SignInPhase.SIGNED_IN)

    async def opens(self, booked: Booked) -> None:
        """From today's list, once it is there."""
        rows = self.services.worklist.state
        await until(lambda: any(row.visit.id == booked.visit for row in rows.value.rows))
        if self.role is Role.CLINICIAN:
            self.models.worklist.open_visit(booked.visit)
        else:
            self.models.cart_home.choose(booked.visit)
            self.models.cart_home.start_visit()
        await until(lambda: self.services.chart.state.value.row is not None)
        await until(lambda: self.page is Page.VISIT)

    async def sees(self, booked: Booked, state: VisitState) -> None:
        """In today's list."""
        rows = self.services.worklist.state
        await until(
            lambda: any(
                row.visit.id == booked.visit and row.visit.state is state for row in rows.value.rows
            )
        )

    async def keeps_note(self, text: str) -> None:
        before = self.models.visit.notes.screen.kept
        self.models.visit.notes.keep(text)
        await until(lambda: self.models.visit.notes.screen.kept > before)

    async def keeps_pressure(self, systolic: int, diastolic: int, pulse: int = 71) -> None:
        """Start, wait for the result, Keep."""
        vitals = self.models.visit.vitals
        before = len(vitals.screen.readings)
        vitals.start()
        await until(lambda: self.cuff.visit is not None)
        self.cuff.measures(systolic, diastolic, pulse)
        await until(lambda: vitals.screen.can_keep)
        vitals.keep()
        await until(lambda: len(vitals.screen.readings) > before)

    async def everything_is_sent(self) -> None:
        """The outbox is empty but for what was refused."""
        state = self.services.sync.state
        await until(lambda: state.value.is_reachable, limit_s=600)
        async with asyncio.timeout(600):
            while True:
                pending = await self.store.transaction(lambda unit: unit.outbox.all())
                if not [item for item in pending if item.refused is None]:
                    break
                await asyncio.sleep(0.1)
        await until(lambda: state.value.unsent_count == 0)

    def readings(self) -> list[str]:
        """As they are read out."""
        return [row.spoken for row in self.models.visit.vitals.screen.readings]

    def notes(self) -> list[tuple[str, str]]:
        return [(row.text, row.confirmation) for row in self.models.visit.notes.screen.rows]


class Clinic:
    """The server, its people and visits, and the desks that were put up."""

    def __init__(self, folder: Path, server: ServerClinic, clock: LoopClock) -> None:
        self.folder = folder
        self.server = server
        self.clock = clock
        self.defects: list[BaseException] = []
        self.desks: list[Desk] = []
        self.people: dict[Role, Person] = {}
        self.expected_errors: list[str] = []
        self.site: NearSite | None = None  # None: each desk is at a site of its own

    def expects(self, record: logging.LogRecord) -> bool:
        return any(words in record.getMessage() for words in self.expected_errors)

    async def desk(self, name: str, role: Role) -> Desk:
        """A program started, nobody signed in."""
        if role not in self.people:
            self.people[role] = self.server.add_person(USERNAME[role], f"The {role}", role)
        desk = Desk(self, name, role)
        await desk.starts()
        self.desks.append(desk)
        return desk

    async def workstation(self, name: str = "workstation") -> Desk:
        desk = await self.desk(name, Role.CLINICIAN)
        await desk.signs_in()
        return desk

    async def cart(self, name: str = "cart") -> Desk:
        desk = await self.desk(name, Role.PRESENTER)
        await desk.signs_in()
        return desk

    def books_a_visit(self) -> Booked:
        patient, visit = self.server.add_visit()
        return Booked(visit, patient)

    async def passes(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def at_the_server(self, record_type: RecordType) -> list[dict[str, Any]]:
        """Documents straight out of the server's file, oldest first."""
        rows = self.server.sql(
            "SELECT document FROM records WHERE record_type = ? ORDER BY position", str(record_type)
        )
        return [cast(dict[str, Any], json_of(row[0])) for row in rows]


@asynccontextmanager
async def clinic_in(folder: Path) -> AsyncIterator[Clinic]:
    loop = asyncio.get_running_loop()
    clock = LoopClock(loop)
    settings = ServerSettings(data=folder / "server", hash_cost=CHEAP)
    server = ServerClinic(settings, opened_folder(settings), cast(HandClock, clock))
    clinic = Clinic(folder, server, clock)

    def unforeseen(_: object, context: dict[str, Any]) -> None:
        clinic.defects.append(context.get("exception") or RuntimeError(context["message"]))

    loop.set_exception_handler(unforeseen)
    async with server.api.router.lifespan_context(server.api):
        try:
            yield clinic
        finally:
            for desk in clinic.desks:
                await desk.ends()
                await desk.network.end()


def json_of(document: Any) -> Any:
    return json.loads(document) if isinstance(document, str | bytes) else document
