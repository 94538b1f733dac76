"""The real server in a process of its own, with so many patients, and desks that speak to it."""

import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import Connection

from app.contract.bodies import PatientBody
from app.domain.access import Role
from app.domain.changes import NewChange, RecordType
from app.domain.clock import Clock, SystemClock
from app.domain.ids import PatientId, PersonId, RecordId, new_id
from app.domain.people import Person
from app.domain.server_words import DeviceCredentials
from app.remote.address import ServerAddress
from app.remote.server_api import ServerApi
from app.remote.server_places import ServerPlaces
from app.remote.signalling_channel import SignallingChannel
from app.remote.tokens import Tokens
from app.runtime.broadcast import Broadcast
from app.services.acts import Acts
from app.services.call import CallState
from app.services.ports import UnitOfWork
from app.services.switchboard import Switchboard
from app.services.sync import Sync
from app.services.upload_pace import UploadPace
from app.services.visits import Visits
from offline_store.database import OfflineStore, open_store
from offline_store.key_vault import KeyVault
from server.accounts.passwords import Passwords
from server.accounts.service import add_account
from server.database import write_once
from server.opening import open_folder
from server.patients.service import add_patient
from server.settings import ServerSettings
from tests.fakes.keyring import KeyringInMemory
from tests.server.given import CHEAP

ROOT = Path(__file__).resolve().parent.parent.parent
USERNAME, PASSWORD = "dr-lin", "correct horse battery"
READY_LIMIT_S, END_LIMIT_S = 30.0, 10.0
DOCUMENT_BYTES = 720  # as the measurement of DATA.md 3.7 took
ACTS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    patients: tuple[PatientId, ...]


@contextmanager
def served(folder: Path, patients: int) -> Iterator[Served]:
    """`python -m server` on loopback, as whoever runs it starts it, until the block ends."""
    ids = _filled(folder, patients)
    port = _free_port()
    command = [sys.executable, "-m", "server", "--data", str(folder), "--port", str(port)]
    running = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/v1/health")
        yield Served(url, ids)
    finally:
        running.terminate()
        running.wait(END_LIMIT_S)


def _filled(folder: Path, patients: int) -> tuple[PatientId, ...]:
    settings = ServerSettings(data=folder, hash_cost=CHEAP)
    open_folder(settings)
    passwords = Passwords(CHEAP)
    password_hash = passwords.hash_now(PASSWORD)
    passwords.close()
    now = SystemClock().now()
    ids = tuple(PatientId(new_id()) for _ in range(patients))

    def write(connection: Connection) -> None:
        person = Person(PersonId(new_id()), "Dr Lin", Role.CLINICIAN)
        add_account(connection, person, USERNAME, password_hash, now)
        for number, patient in enumerate(ids):
            add_patient(connection, patient, _invented(number), now)

    write_once(settings.database, write)
    return ids


def _invented(number: int) -> PatientBody:
    return PatientBody(
        family_name=f"Doe {number}",
        given_name="Ana",
        born=None,
        record_number=f"R-{number}",
        allergies=("none known " * DOCUMENT_BYTES)[: DOCUMENT_BYTES - 130],
    )


def _free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        port: int = asking.getsockname()[1]
    return port


def _wait_for(url: str) -> None:
    until = time.monotonic() + READY_LIMIT_S
    while True:
        try:
            if httpx.get(url, timeout=1.0, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > until:
            raise TimeoutError(url)
        time.sleep(0.05)


class Desk:
    """A signed-in desk with the real encrypted store. `exchange` is one whole sync; `start` lets it
    run by itself, as in the program, with the server's notices.
    """

    def __init__(
        self, store: OfflineStore, acts: Acts, sync: Sync, switchboard: Switchboard, tokens: Tokens
    ) -> None:
        self.store = store
        self.acts = acts
        self.tokens = tokens
        self.switchboard = switchboard
        self._sync = sync

    def start(self) -> None:
        self.switchboard.start()
        self._sync.start()

    async def exchange(self) -> float:
        """How long it took, in seconds."""
        began = time.perf_counter()
        await self._sync._exchange_with_token()
        return time.perf_counter() - began

    async def edits(self, patients: tuple[PatientId, ...], words: str) -> None:
        """Offline: one change for each of these patients, durable here."""
        for first in range(0, len(patients), ACTS_AT_ONCE):
            some = patients[first : first + ACTS_AT_ONCE]
            await self.acts.do(self._editing(some, words))

    def _editing(self, patients: tuple[PatientId, ...], words: str) -> Callable[[UnitOfWork], None]:
        def edit(unit: UnitOfWork) -> None:
            for patient in patients:
                self._edit(unit, patient, words)

        return edit

    def _edit(self, unit: UnitOfWork, patient: PatientId, words: str) -> None:
        confirmed = unit.records.confirmed(RecordType.PATIENT, RecordId(patient))
        assert confirmed is not None
        unit.outbox.add(
            NewChange(
                record_type=RecordType.PATIENT,
                record=RecordId(patient),
                base_version=confirmed.version,
                fields_set={"title": words},
                author=self.acts.person.id,
                stamp=self.acts.stamp(),
                patient=patient,
            )
        )

    async def count(self) -> tuple[int, int]:
        """Records here, and changes that wait."""
        connection = self.store._connection

        def look(unit: UnitOfWork) -> tuple[int, int]:
            [(records,)] = connection.execute("SELECT count(*) FROM records").fetchall()
            return records, len(unit.outbox.all())

        return await self.store.transaction(look)


@asynccontextmanager
async def desk_at(
    address: ServerAddress,
    folder: Path,
    *,
    account: tuple[str, str, Role] = (USERNAME, PASSWORD, Role.CLINICIAN),
    clock: Clock | None = None,
) -> AsyncIterator[Desk]:
    """Signed in as `account`: user name, password, role."""
    ring, clock, tokens = KeyringInMemory(), clock or SystemClock(), Tokens()
    async with open_store(folder, KeyVault(folder, choose_backend=lambda: ring)) as store:
        device = await store.transaction(
            lambda unit: DeviceCredentials(
                unit.kept.device_id(), "bench", unit.kept.device_private_key()
            )
        )
        places = ServerPlaces(address)
        async with ServerApi(places, tokens, clock, device.id) as api:
            signed_in = await api.sign_in(*account, device, None)
            refresh_tokens = [signed_in.refresh_token]

            async def renew() -> None:
                refresh_tokens.append(await api.refresh(refresh_tokens[-1], device))

            acts = Acts(store, clock, device.id)
            acts.now_acting(signed_in.person)
            switchboard = Switchboard(SignallingChannel(places, tokens), clock)
            sync = Sync(
                server_api=api,
                files=store.recordings,
                acts=acts,
                switchboard=switchboard,
                renew_tokens=renew,
                mend_conflict=Visits(acts).make_anew,
                pace=UploadPace(Broadcast(CallState())),
            )
            try:
                yield Desk(store, acts, sync, switchboard, tokens)
            finally:
                await switchboard.close()
                await sync.close()
