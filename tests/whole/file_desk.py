"""A desk that brings one sound to the server, or fetches it, and says how far it is; it dies by
kill -9. Real store, real exchange, real sockets; its parts are small so that there are many."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import UUID

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.changes import NewChange, RecordType
from app.domain.clock import Stamp, SystemClock
from app.domain.failures import Failure
from app.domain.ids import PatientId, VisitId, new_id
from app.domain.recordings import Recording, fields_of
from app.domain.server_words import ArrivingPart, DeviceCredentials
from app.remote.address import server_address
from app.remote.server_api import ServerApi
from app.remote.server_places import ServerPlaces
from app.remote.tokens import Tokens
from app.runtime.broadcast import Broadcast
from app.services import file_fetching, file_sender, upload_pace
from app.services.acts import Acts
from app.services.call import CallState
from app.services.file_fetching import bring_here
from app.services.file_upload import Sending
from app.services.ports import UnitOfWork
from app.services.switchboard import Switchboard
from app.services.sync import Sync
from app.services.upload_pace import UploadPace
from offline_store.database import OfflineStore, open_store
from offline_store.key_vault import KeyVault
from tests.fakes.channel import FakeChannel
from tests.fakes.keyring import KeyringInFile
from tests.server.given import PASSWORD

PART_BYTES = 96 * 1024
MARK = b"a sound that must never lie in the clear "
SOUND_BYTES = 4 * 2**20
TRY_AGAIN_S = 0.1

Tell = Callable[[tuple[Any, ...]], None]


@dataclass(frozen=True)
class Given:
    """Where a desk finds what it needs."""

    folder: Path
    address: str
    username: str
    role: Role
    patient: PatientId
    visit: VisitId


class TellingApi(ServerApi):
    """Says where the server told it to go on, and from where it asks on itself."""

    tell: Tell

    async def begin_upload(self, file_sha256: str, byte_count: int) -> int:
        offset = await super().begin_upload(file_sha256, byte_count)
        self.tell(("begun", offset))
        return offset

    async def put_part(
        self, file_sha256: str, start: int, part: bytes, pieces: AsyncIterator[bytes]
    ) -> int:
        self.tell(("sends", start))
        return await super().put_part(file_sha256, start, part, pieces)

    async def get_part(self, file_sha256: str, start: int, most_bytes: int) -> ArrivingPart:
        self.tell(("asks", start))
        return await super().get_part(file_sha256, start, most_bytes)


class Desk:
    def __init__(self, given: Given, store: OfflineStore, api: ServerApi, acts: Acts) -> None:
        self.given = given
        self.store = store
        self.api = api
        self.acts = acts
        self.sync = Sync(
            server_api=api,
            files=store.recordings,
            acts=acts,
            switchboard=Switchboard(FakeChannel(), acts.clock),
            renew_tokens=_nothing,
            mend_conflict=lambda unit, change: None,
            pace=UploadPace(Broadcast(CallState())),
        )

    async def sign_in(self) -> None:
        """Again and again: the server may be away, too."""
        device = await self.store.transaction(_credentials)
        given = self.given
        while True:
            try:
                signed = await self.api.sign_in(given.username, PASSWORD, given.role, device, None)
            except Failure:
                await asyncio.sleep(TRY_AGAIN_S)
                continue
            self.acts.now_acting(signed.person)
            return

    async def keep_sound(self) -> None:
        """Once in all its lives."""
        if await self.sounds():
            return
        wav = MARK * (SOUND_BYTES // len(MARK))
        name, key, count = await self.store.recordings.save(wav)
        stamp = Stamp(self.acts.clock.now(), None)
        recording = Recording(
            id=new_id(),  # type: ignore[arg-type]  # a record's id
            visit=self.given.visit,
            patient=self.given.patient,
            site="apex",
            sample_rate_hz=4000,
            samples=len(wav) // 2,
            sha256=hashlib.sha256(wav).hexdigest(),
            recorded_at=stamp.device_time,
            recorded_by=self.acts.person.id,
            source="synthetic",
            file_sha256=name,
            file_key=key,
            file_bytes=count,
        )

        def write(unit: UnitOfWork) -> None:
            unit.attachments.add(name, count)
            unit.outbox.add(
                NewChange(
                    record_type=RecordType.RECORDING,
                    record=recording.id,
                    base_version=0,
                    fields_set=fields_of(recording),
                    author=self.acts.person.id,
                    stamp=stamp,
                    patient=recording.patient,
                    visit=recording.visit,
                )
            )
            unit.audit.add(self.acts.event(Act.RECORDING_KEPT, subject=recording.id))

        await self.acts.do(write)

    async def sounds(self) -> list[Recording]:
        patient = self.given.patient
        return await self.acts.read(lambda unit: unit.records.recordings(patient))

    async def until_sent(self) -> None:
        while await self.acts.read(lambda unit: unit.outbox.all()):
            await self._changed()

    async def _changed(self) -> None:
        """Or a moment passed."""
        changed = asyncio.Event()
        stop = self.acts.revision.listen(lambda _: changed.set())
        changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(TRY_AGAIN_S):
                await changed.wait()
        stop()

    async def fetched(self) -> str:
        """The hash of the sound, once it came."""
        while not (sounds := await self.sounds()):
            await self._changed()
        [sound] = sounds
        while True:
            try:
                await bring_here(self.store.recordings, self.api, sound.file_sha256)
                break
            except Failure:
                await asyncio.sleep(TRY_AGAIN_S)
        wav = await self.store.recordings.load(sound.file_sha256, sound.file_key)
        digest = hashlib.sha256(wav).hexdigest()
        assert digest == sound.sha256
        return digest


async def _nothing() -> None:
    """A token lives longer than a desk of these tests."""


def _credentials(unit: UnitOfWork) -> DeviceCredentials:
    return DeviceCredentials(unit.kept.device_id(), "desk", unit.kept.device_private_key())


def vault_of(folder: Path) -> KeyVault:
    ring = KeyringInFile(folder.parent / f"{folder.name}-ring.json")
    return KeyVault(folder, choose_backend=lambda: ring)


async def live(given: Given, tell: Tell, *, sends: bool) -> None:
    clock, tokens = SystemClock(), Tokens()
    async with AsyncExitStack() as house:
        store = await house.enter_async_context(open_store(given.folder, vault_of(given.folder)))
        device = await store.transaction(_credentials)
        places = ServerPlaces(server_address(given.address))
        api = await house.enter_async_context(TellingApi(places, tokens, clock, device.id))
        api.tell = tell
        desk = Desk(given, store, api, Acts(store, clock, device.id))
        house.push_async_callback(desk.sync.close)

        def told(sending: Sending | None) -> None:
            if sending is not None and not sending.is_waiting:
                tell(("sent", sending.bytes_sent))

        desk.sync.file_sending.listen(told)
        await desk.sign_in()
        if sends:
            await desk.keep_sound()
        desk.sync.start()
        if sends:
            await desk.until_sent()
            tell(("done",))
        else:
            tell(("heard", await desk.fetched()))
        await asyncio.Event().wait()


def run(given: Given, to_parent: Connection, sends: bool) -> None:
    os.umask(0o077)
    upload_pace.PART_MOST_BYTES = upload_pace.PART_FIRST_BYTES = PART_BYTES
    file_fetching.MOST_BYTES = file_fetching.FIRST_BYTES = PART_BYTES
    file_sender.PAUSES_S = (TRY_AGAIN_S,) * 4
    asyncio.run(live(given, to_parent.send, sends=sends))


def given_of(folder: Path, address: str, role: Role, patient: str, visit: str) -> Given:
    username = "nurse-kim" if role is Role.PRESENTER else "dr-lin"
    return Given(folder, address, username, role, PatientId(UUID(patient)), VisitId(UUID(visit)))
