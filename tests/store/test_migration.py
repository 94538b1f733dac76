"""A store of an earlier schema is brought up as a copy: at every moment a whole one is there."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.failures import Code, Failure, Unavailable, Untrusted
from offline_store import store_file
from offline_store.connection import Connection
from offline_store.database import open_store
from offline_store.migrate import IN_PYTHON, migrate, steps
from offline_store.store_file import BEFORE_NAME
from tests.store.make_release_store import STORES, contents, in_json, vault_of

EARLIER = STORES / "schema-6"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EARLIER, tmp_path / "place"))


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def opened(place: Path) -> dict[str, object]:
    async with open_store(place / "profile", vault_of(place)) as store:
        return in_json(await store.transaction(contents))


async def test_the_file_before_stays_until_the_next_clean_start(place: Path) -> None:
    profile = place / "profile"
    before = (profile / "store.db").read_bytes()
    expected = json.loads((place / "expected.json").read_text())
    assert await opened(place) == expected
    assert (profile / BEFORE_NAME).read_bytes() == before
    (profile / "store.db").replace(profile / "migrated-away")
    shutil.copy(profile / BEFORE_NAME, profile / "store.db")  # whoever must go back can
    assert await opened(place) == expected
    assert await opened(place) == expected
    assert BEFORE_NAME not in names_in(profile)


class Died(Exception):
    pass


@pytest.mark.parametrize("call", range(1, 7))
async def test_a_crash_at_any_step_leaves_a_store_that_opens(
    place: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """Each step that touches the folder dies in its turn, once before and once after it worked."""
    steps = ["copy_durably", "migrate", "is_sound"]
    step, is_after = steps[(call - 1) // 2], call % 2 == 0
    real: Callable[..., object] = getattr(store_file, step)

    def dies(*given: object) -> object:
        if is_after:
            real(*given)
        raise Died

    monkeypatch.setattr(store_file, step, dies)
    with pytest.raises(Died):
        await opened(place)
    monkeypatch.undo()
    assert await opened(place) == json.loads((place / "expected.json").read_text())
    assert "migrated.db" not in names_in(place / "profile")


@pytest.mark.parametrize("name", ["link", "replace"])
async def test_a_crash_at_the_swap_leaves_a_store_that_opens(
    place: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def dies(*_: object) -> None:
        raise Died

    monkeypatch.setattr(os if name == "link" else Path, name, dies)
    with pytest.raises(Died):
        await opened(place)
    monkeypatch.undo()
    assert await opened(place) == json.loads((place / "expected.json").read_text())


async def test_no_room_for_the_copy_is_said_and_nothing_is_changed(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = place / "profile"
    before = (profile / "store.db").read_bytes()

    def full(source: Path, copy: Path) -> None:
        copy.write_bytes(source.read_bytes()[:9000])
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(store_file, "copy_durably", full)
    with pytest.raises(Unavailable) as caught:
        await opened(place)
    assert caught.value.code is Code.STORE_FULL
    assert (profile / "store.db").read_bytes() == before
    monkeypatch.undo()
    assert await opened(place) == json.loads((place / "expected.json").read_text())


async def test_damage_is_never_migrated(place: Path) -> None:
    profile = place / "profile"
    damaged = bytearray((profile / "store.db").read_bytes())
    damaged[-2000] ^= 1
    (profile / "store.db").write_bytes(damaged)
    with pytest.raises(Failure) as caught:
        await opened(place)
    assert isinstance(caught.value, Untrusted) and caught.value.code is Code.STORE_DAMAGED
    assert (profile / "store.db").read_bytes() == damaged
    assert BEFORE_NAME not in names_in(profile)


async def test_no_word_of_a_store_is_readable_while_it_is_migrated(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    real = migrate

    def look(connection: Connection) -> None:
        real(connection)
        seen.extend(p.read_bytes() for p in (place / "profile").rglob("*") if p.is_file())

    monkeypatch.setattr(store_file, "migrate", look)
    await opened(place)
    assert len(seen) > 3
    for words in (b"confirmed elsewhere", b"waiting", b"CREATE TABLE", b"SQLite format"):
        assert not any(words in data for data in seen)


def test_what_is_done_in_python_belongs_to_a_step_there_is() -> None:
    assert set(IN_PYTHON) <= {step.title for step in steps()}
