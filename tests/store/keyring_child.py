"""Opens the store with this session's real keyring, adds a note if told one, says what it found."""

import asyncio
import json
import sys
from pathlib import Path

from app.domain.failures import Failure
from offline_store.database import open_store
from tests.store.given import PATIENT, new_note


async def main(folder: Path, text: str) -> None:
    try:
        async with open_store(folder) as store:
            if text:
                await store.transaction(lambda unit: unit.outbox.add(new_note(text)))
            notes = await store.transaction(lambda unit: unit.records.notes(PATIENT))
            found = {
                "is_kept": store.is_kept,
                "why_not": store.why_not_kept,
                "has_unopened_store": store.has_unopened_store,
                "notes": sorted(note.text for note in notes),
            }
    except Failure as failure:
        found = {"failed": failure.code}
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
