"""kill -9 of the server while it is written to: what it answered is there, and nothing twice."""

import asyncio
import random
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.domain.access import Role
from app.domain.audit import Witness
from app.domain.ids import PatientId, PersonId, VisitId, new_id
from app.domain.people import Person
from app.runtime.tasks import TaskOwner
from server.commands import verify_audit
from tests.server.given import PASSWORD, Device, Json, sign_in_body
from tests.server.test_program import USER, VISIT, address_of, run, running

PUSHES_MAX = 40


async def _signed_in(address: str, device: UUID, key: Ed25519PrivateKey) -> Device:
    http = httpx.AsyncClient(base_url=address)
    body = sign_in_body("dr-lin", Role.CLINICIAN, device, key)
    answer = await http.post("/v1/sign-in", json=body)
    signed_in = answer.json()
    http.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
    told = signed_in["person"]
    person = Person(PersonId(UUID(told["id"])), told["name"], Role(told["role"]))
    return Device(http, device, key, person, signed_in, lambda _: {})


@pytest.mark.parametrize("turn", [1, 2])
async def test_nothing_answered_is_lost(tmp_path: Path, turn: int) -> None:
    run("add-user", "--data", tmp_path, *USER, typed=f"{PASSWORD}\n")
    added = run("add-visit", "--data", tmp_path, *VISIT, "--starts-at", "now")
    patient_text, visit_text = (line.split()[1] for line in added.out.splitlines())
    patient, visit = PatientId(UUID(patient_text)), VisitId(UUID(visit_text))
    device, key = new_id(), Ed25519PrivateKey.generate()
    answered: list[Json] = []
    killed_after = random.randint(1, PUSHES_MAX)
    print(f"turn {turn}: killed inside push {killed_after + 1}")
    with running("--data", tmp_path) as (program, lines):
        desk = await _signed_in(address_of(lines), device, key)
        for _ in range(killed_after):
            note = desk.note(visit, patient)
            answer = await desk.push(note, events=(desk.event(),))
            answered.append(note)
        head = Witness(answer["head"]["count"], answer["head"]["digest"])
        unanswered = desk.note(visit, patient)
        async with TaskOwner("push") as tasks:
            pushing = tasks.start(desk.push(unanswered), "push")
            for _ in range(random.randint(1, 30)):  # turns of our loop, not time
                await asyncio.sleep(0)
            program.kill()
            program.wait(timeout=20)
            await asyncio.wait({pushing})
            if pushing.exception() is None:
                answered.append(unanswered)
        await desk.http.aclose()
    with running("--data", tmp_path) as (_, lines):
        again = await _signed_in(address_of(lines), device, key)
        answer = await again.push(*answered[-5:], unanswered)
        outcomes = [result["outcome"] for result in answer["results"]]
        assert set(outcomes[:-1]) == {"already-there"}
        assert outcomes[-1] in ("accepted", "already-there")
        page = await again.feed()
        kept = [item["record"] for item in page["records"] if item["record_type"] == "note"]
        expected = {note["record"] for note in (*answered, unanswered)}
        assert len(kept) == len(set(kept))
        assert set(kept) == expected
        await again.http.aclose()
    assert verify_audit(tmp_path / "bedside.db", [head]).is_sound
