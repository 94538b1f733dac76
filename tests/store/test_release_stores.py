"""The store of every release before this one opens, and holds all that was in it."""

import json
import shutil
from pathlib import Path

import pytest

from offline_store.database import open_store
from offline_store.migrate import steps
from tests.store.given import event, new_note
from tests.store.make_release_store import SOUND, STORES, contents, in_json, vault_of

KEPT = sorted(STORES.iterdir())


def copy_of(kept: Path, tmp_path: Path) -> Path:
    place = tmp_path / kept.name
    shutil.copytree(kept, place)
    return place


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.name)
async def test_the_store_of_an_earlier_release_opens_whole(kept: Path, tmp_path: Path) -> None:
    place = copy_of(kept, tmp_path)
    expected = json.loads((place / "expected.json").read_text())
    async with open_store(place / "profile", vault_of(place)) as store:
        found = await store.transaction(contents)
        assert in_json(found) == expected
        name, key = found["recordings"][0]
        assert await store.recordings.load(name, key) == SOUND
        change = await store.transaction(lambda unit: unit.outbox.add(new_note("today")))
        assert change.counter == found["outbox"][-1][1] + 1  # goes on where it was left
        noted = await store.transaction(lambda unit: unit.audit.add(event()))
        assert noted.number == found["audit"][0] + 1
    async with open_store(place / "profile", vault_of(place)) as store:
        again = await store.transaction(contents)
    assert ["today", True] in in_json(again)["notes"]


def test_no_earlier_release_is_forgotten() -> None:
    """Of the last schema before this one, and of the first that a later one was built on."""
    numbers = {int(kept.name.rpartition("-")[2]) for kept in KEPT}
    assert {1, 6} <= numbers
    assert max(numbers) <= len(steps())
