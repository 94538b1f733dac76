"""Fills the disk under a running server; run by test_full_disk.py on a tmpfs of its own.

Says in JSON what it saw.
"""

import asyncio
import json
import sys
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.domain.audit import Witness
from app.domain.ids import PatientId, VisitId, new_id
from server.commands import verify_audit
from tests.server.given import PASSWORD, Device, Json
from tests.server.test_kill import _signed_in
from tests.server.test_program import USER, VISIT, address_of, run, running

BALLAST_BYTES = 1_000_000
# Who read is written down first, so reading takes some pages. How much the last refused note left
# over is chance: it changed with each table that was added.
ROOM_TO_READ_BYTES = 64 * 1024


async def pushed(desk: Device, change: Json) -> tuple[int, Json]:
    body = {"device": str(desk.id), "changes": [change], "events": []}
    answer = await desk.http.post("/v1/push", json=body)
    return answer.status_code, dict(answer.json())


async def main(disk: Path) -> None:
    data, ballast = disk / "data", disk / "ballast"
    ballast.write_bytes(bytes(BALLAST_BYTES))
    run("add-user", "--data", data, *USER, typed=f"{PASSWORD}\n")
    added = run("add-visit", "--data", data, *VISIT, "--starts-at", "now")
    patient, visit = (UUID(line.split()[1]) for line in added.out.splitlines())
    device, key, kept = new_id(), Ed25519PrivateKey.generate(), list[str]()
    with running("--data", data) as (program, lines):
        desk = await _signed_in(address_of(lines), device, key)
        status, answer = 200, Json()
        while status == 200:
            note = desk.note(VisitId(visit), PatientId(patient), "long " * 2000)
            status, answer = await pushed(desk, note)
            kept += [note["record"]] if status == 200 else []
        file = await desk.http.put(f"/v1/files/{'a' * 64}", content=bytes(4_000_000))
        with ballast.open("r+b") as grains:
            grains.truncate(BALLAST_BYTES - ROOM_TO_READ_BYTES)
        feed = await desk.http.get("/v1/feed")
        ballast.unlink()
        after = desk.note(VisitId(visit), PatientId(patient))
        again, answer_after = await pushed(desk, after)
        kept.append(after["record"])
        program.kill()
        program.wait(20)
    with running("--data", data) as (_, lines):
        desk = await _signed_in(address_of(lines), device, key)
        found: list[str] = []
        page: Json = {"until": 0, "has_more": True}
        while page["has_more"]:
            page = await desk.feed(page["until"])
            found += [item["record"] for item in page["records"]]
    head = Witness(answer_after["head"]["count"], answer_after["head"]["digest"])
    saw = {
        "refused": [status, answer.get("code")],
        "file": [file.status_code, file.json()["code"]],
        "feed": feed.status_code,
        "again": again,
        "kept": len(kept),
        "is_all_there_once": sorted(record for record in found if record in kept) == sorted(kept),
        "is_sound": verify_audit(data / "bedside.db", [head]).is_sound,
        "half": [path.name for path in (data / "files").rglob("*") if path.is_file()],
    }
    print(json.dumps(saw))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
