"""Fills the disk under an upload; run by test_full_disk.py on a tmpfs of its own.

Says in JSON what it saw.
"""

import asyncio
import hashlib
import json
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.contract.uploads import metadata_of
from app.domain.ids import new_id
from tests.server.given import PASSWORD
from tests.server.test_kill import _signed_in
from tests.server.test_program import USER, address_of, run, running
from tests.server.test_uploads import SPEAKS, begun, sent

FILE = os.urandom(2_000_000)
PART_BYTES = 500_000


async def main(disk: Path) -> None:
    data, ballast = disk / "data", disk / "ballast"
    run("add-user", "--data", data, *USER, typed=f"{PASSWORD}\n")
    with running("--data", data) as (_, lines):
        desk = await _signed_in(address_of(lines), new_id(), Ed25519PrivateKey.generate())
        place = await begun(desk, FILE)
        await sent(desk, place, 0, FILE[:PART_BYTES])
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        ballast.write_bytes(bytes(free - 128 * 1024))
        full = await sent(desk, place, PART_BYTES, FILE[PART_BYTES : 2 * PART_BYTES])
        other = {"Upload-Length": "400000", "Upload-Metadata": metadata_of("0" * 64), **SPEAKS}
        no_room = await desk.http.post("/v1/uploads", headers=other)
        free_again = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        asked = await desk.http.head(place, headers=SPEAKS)
        ballast.unlink()
        at = int(asked.headers["upload-offset"])
        went_on_at = at
        while at < len(FILE):
            answer = await sent(desk, place, at, FILE[at : at + PART_BYTES])
            at = int(answer.headers["upload-offset"])
        name = hashlib.sha256(FILE).hexdigest()
        fetched = (await desk.http.get(f"/v1/files/{name}")).content
    print(
        json.dumps(
            {
                "full": [full.status_code, full.json()["code"]],
                "no_room": [no_room.status_code, no_room.json()["code"]],
                "gave_room_back": free_again > 100 * 1024,
                "went_on_at": went_on_at,
                "is_same": fetched == FILE,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
