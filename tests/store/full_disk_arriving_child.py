"""Fills the disk while a file arrives; run by test_full_disk.py on a tmpfs of its own.

Says in JSON what it saw.
"""

import asyncio
import hashlib
import json
import os
import sys
from itertools import pairwise
from pathlib import Path

from app.domain.failures import Failure
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.store import kept_store

PIECE_BYTES = 256 * 1024


async def main(disk: Path) -> None:
    data = os.urandom(8 * PIECE_BYTES + 7)
    name, ballast = hashlib.sha256(data).hexdigest(), disk / "ballast"
    said: list[str] = []
    reached: list[int] = []
    async with kept_store(disk / "profile", KeyringInMemory()) as store:
        files = store.recordings
        for number in range(8):
            at = await files.arrived(name)
            if number % 2:
                free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
                ballast.write_bytes(bytes(free - (number // 2) * 4096))
            try:
                reached.append(await files.add_piece(name, at, data[at : at + PIECE_BYTES]))
            except Failure as failure:
                said.append(f"{type(failure).__name__}: {failure.code}")
            ballast.unlink(missing_ok=True)
        while (at := await files.arrived(name)) < len(data):
            reached.append(await files.add_piece(name, at, data[at : at + PIECE_BYTES]))
        await files.complete(name)
        is_same = await files.ciphertext(name) == data
    left = sorted(path.name for path in (disk / "profile" / "recordings").iterdir())
    print(
        json.dumps(
            {
                "said": said,
                "steps": sorted({after - before for before, after in pairwise(reached)}),
                "is_same": is_same,
                "is_alone": left == [name],
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
