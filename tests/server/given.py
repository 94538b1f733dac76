"""A server in process on a real database file, and what the tests do at it as a device would."""

import base64
import hashlib
import json
import sqlite3
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection

from app.contract.audit import AuditEventBody
from app.contract.bodies import PatientBody, VisitBody
from app.contract.sign_in import device_proof_bytes, refresh_proof_bytes
from app.domain.access import Role
from app.domain.audit import CHAIN_START, Act, AuditEvent, leaf_of, next_digest
from app.domain.ids import EventId, PatientId, PersonId, VisitId, new_id
from app.domain.people import Person
from app.domain.visits import VisitState
from app.runtime.tasks import TaskOwner
from server.accounts.passwords import Passwords
from server.accounts.service import add_account
from server.border import Border
from server.create_app import create_api
from server.database import migrate, prepare_folder, write_once
from server.opening import Opened, open_folder
from server.patients.service import add_patient
from server.serving import listen_at, uvicorn_config
from server.settings import HashCost, ServerSettings
from server.visits.service import add_visit

Json = dict[str, Any]

PASSWORD = "correct horse battery"
CHEAP = HashCost(memory_kib=64, rounds=1, lanes=1)


class HandClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


@dataclass
class Device:
    """A signed-in device: it pushes changes and its own audit events."""

    http: httpx.AsyncClient
    id: UUID
    key: Ed25519PrivateKey
    person: Person
    signed_in: Json
    seen: Callable[[UUID | None], Json]  # a record's document as it stands
    counter: int = 0
    event_count: int = 0
    event_digest: str = CHAIN_START

    def as_person(self, person: Person) -> "Device":
        return replace(self, person=person)

    def proof_of(self, data: bytes) -> str:
        return b64(self.key.sign(data))

    def refresh_body(self, token: str) -> Json:
        proof = self.proof_of(refresh_proof_bytes(self.id, token))
        return {"device": str(self.id), "refresh_token": token, "proof": proof}

    def change(
        self, record_type: str, fields: Json, record: UUID | None = None, base_version: int = 0
    ) -> Json:
        self.counter += 1
        was = self.seen(record)
        return {
            "id": str(new_id()),
            "record_type": record_type,
            "record": str(record or new_id()),
            "base_version": base_version,
            "fields_set": fields,
            "previous": {name: was[name] for name in fields if name in was},
            "schema_version": 1,
            "device": str(self.id),
            "counter": self.counter,
            "device_time": "2026-11-21T09:00:00+00:00",
            "author": str(self.person.id),
            "patient": fields.get("patient"),
            "visit": fields.get("visit"),
        }

    def note(self, visit: VisitId, patient: PatientId, text: str = "Slept well.") -> Json:
        return self.change(
            "note",
            {
                "visit": str(visit),
                "patient": str(patient),
                "text": text,
                "author": str(self.person.id),
                "author_name": self.person.name,
                "written_at": "2026-11-21T09:00:00+00:00",
            },
        )

    def move(self, visit: VisitId, state: VisitState, base_version: int) -> Json:
        change = self.change("visit", {"state": str(state)}, visit, base_version)
        return {**change, "visit": str(visit)}

    def event(self, act: Act = Act.PATIENT_OPENED, offset_ms: int | None = None) -> Json:
        """The next of the device's own chain."""
        event = AuditEvent(
            id=EventId(new_id()),
            act=act,
            at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
            actor=self.person.id,
            offset_ms=offset_ms,
            uncertainty_ms=None if offset_ms is None else 20,
        )
        self.event_count += 1
        self.event_digest = next_digest(self.event_digest, leaf_of(event.canonical()))
        body = AuditEventBody.from_domain(event).model_dump(mode="json")
        return {"number": self.event_count, "digest": self.event_digest, "event": body}

    async def push(self, *changes: Json, events: tuple[Json, ...] = ()) -> Json:
        body = {"device": str(self.id), "changes": list(changes), "events": list(events)}
        # Not httpx's own JSON, which refuses some of what a sick device could send.
        answer = await self.http.post("/v1/push", content=json.dumps(body))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def push_one(self, change: Json) -> Json:
        [result] = (await self.push(change))["results"]
        return dict(result)

    async def feed(self, since: int = 0, limit: int = 500) -> Json:
        answer = await self.http.get("/v1/feed", params={"since": since, "limit": limit})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def record(self, record: UUID | str) -> Json:
        page = await self.feed()
        [found] = [item for item in page["records"] if item["record"] == str(record)]
        return dict(found)

    async def put_file(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        answer = await self.http.put(f"/v1/files/{digest}", content=data)
        assert answer.status_code in (201, 204), answer.text
        return digest


class Clinic:
    """One server and its data folder."""

    def __init__(self, settings: ServerSettings, opened: Opened, clock: HandClock) -> None:
        self.settings = settings
        self.opened = opened
        self.clock = clock
        self.api = create_api(settings, opened.keys, clock)
        self.app = Border(self.api)

    def client(self, **options: Any) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 40000))
        return httpx.AsyncClient(transport=transport, base_url="http://clinic.test", **options)

    def add_person(self, username: str, name: str, role: Role) -> Person:
        person = Person(PersonId(new_id()), name, role)
        password_hash = _HASHES.setdefault(PASSWORD, _hashed(PASSWORD))

        def write(connection: Connection) -> None:
            add_account(connection, person, username, password_hash, self.clock.now())

        write_once(self.settings.database, write)
        return person

    def add_visit(self) -> tuple[PatientId, VisitId]:
        patient, visit = PatientId(new_id()), VisitId(new_id())
        body = PatientBody(family_name="Doe", given_name="Ana", born=None, record_number="R-1")
        booked = VisitBody(patient=patient, starts_at=self.clock.now(), state=VisitState.BOOKED)

        def write(connection: Connection) -> None:
            add_patient(connection, patient, body, self.clock.now())
            add_visit(connection, visit, booked, self.clock.now())

        write_once(self.settings.database, write)
        return patient, visit

    async def sign_in(
        self, username: str, role: Role, device: UUID | None = None, key: Any = None
    ) -> Device:
        key = key or Ed25519PrivateKey.generate()
        device = device or new_id()
        http = self.client()
        answer = await http.post("/v1/sign-in", json=sign_in_body(username, role, device, key))
        assert answer.status_code == 200, answer.text
        signed_in = answer.json()
        http.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
        told = signed_in["person"]
        person = Person(PersonId(UUID(told["id"])), told["name"], Role(told["role"]))
        return Device(http, device, key, person, signed_in, self.document)

    async def doctor(self) -> Device:
        self.add_person("dr-lin", "Dr Lin", Role.CLINICIAN)
        return await self.sign_in("dr-lin", Role.CLINICIAN)

    async def nurse(self) -> Device:
        self.add_person("nurse-kim", "Nurse Kim", Role.PRESENTER)
        return await self.sign_in("nurse-kim", Role.PRESENTER)

    def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Straight into the file, past the server and its guards."""
        connection = sqlite3.connect(self.settings.database, timeout=10)
        try:
            rows = connection.execute(query, values).fetchall()
            connection.commit()
        finally:
            connection.close()
        return rows

    def document(self, record: UUID | None) -> Json:
        """As it stands in the file; empty when there is none."""
        rows = self.sql("SELECT document FROM records WHERE id = ?", str(record))
        return dict(json.loads(rows[0][0])) if rows else {}

    def audited(self, act: Act) -> list[Json]:
        """Events of this kind, oldest first."""
        rows = self.sql("SELECT event FROM audit_log ORDER BY number")
        events = [json.loads(row[0]) for row in rows]
        return [event for event in events if event["act"] == act]

    @asynccontextmanager
    async def on_a_socket(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
        """Served by the real uvicorn on loopback: host and port."""
        listening = listen_at(replace(self.settings, port=0))
        listening.listen()  # who connects before uvicorn is ready waits
        server = uvicorn.Server(uvicorn_config(self.app, tls, lifespan="off"))
        async with TaskOwner("uvicorn") as tasks:
            running = tasks.start(server.serve(sockets=[listening]), "serve")
            try:
                yield f"127.0.0.1:{listening.getsockname()[1]}"
            finally:
                server.should_exit = True
                await running


_HASHES: dict[str, str] = {}


def _hashed(password: str) -> str:
    passwords = Passwords(CHEAP)
    try:
        return passwords.hash_now(password)
    finally:
        passwords.close()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def public_text(key: Ed25519PrivateKey) -> str:
    return b64(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def sign_in_body(
    username: str, role: Role, device: UUID, key: Ed25519PrivateKey, password: str = PASSWORD
) -> Json:
    return {
        "username": username,
        "password": password,
        "role": str(role),
        "device": {
            "id": str(device),
            "name": "desk 1",
            "public_key": public_text(key),
            "proof": b64(key.sign(device_proof_bytes(device, username))),
        },
    }


@cache
def _empty_tables() -> bytes:
    """A database of this release with nothing in it: hundreds of tests begin with one."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "bedside.db"
        migrate(path)
        assert not path.with_name("bedside.db-wal").exists()  # all of it is in the one file
        return path.read_bytes()


def opened_folder(settings: ServerSettings) -> Opened:
    """As the server opens it; a new one begins with tables that were made before."""
    prepare_folder(settings.data)
    if not settings.database.exists():
        settings.database.write_bytes(_empty_tables())
        settings.database.chmod(0o600)
    return open_folder(settings)


@asynccontextmanager
async def clinic_in(folder: Path, **options: Any) -> AsyncIterator[Clinic]:
    settings = ServerSettings(data=folder, hash_cost=CHEAP, **options)
    clinic = Clinic(settings, opened_folder(settings), HandClock())
    async with clinic.api.router.lifespan_context(clinic.api):
        yield clinic


def code_of(answer: httpx.Response) -> str:
    """The code of a refusal, which must be a problem body and nothing else."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "code"}
    assert body["type"] == f"urn:bedside:problem:{body['code']}"
    assert body["status"] == answer.status_code
    return str(body["code"])
