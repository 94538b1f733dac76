"""What a person is asked before the program opens, and how the store is opened afterwards."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

import main
from app.domain.failures import Code, Failure, Rejected, Unavailable, Untrusted
from app.settings import Settings, read_settings
from offline_store.database import OfflineStore, open_store
from offline_store.key_vault import Custody, KeyVault
from offline_store.pin import PinCost
from tests.fakes.keyring import KeyringInMemory, NoKeyring
from tests.fakes.tpm import NoTpm
from tests.store.given import PATIENT, new_note

PIN = "270496"
CHEAP = PinCost(memory_kib=64, passes=1, lanes=1)


class Person:
    """Who answers the questions; `ring` None: at a machine without a keyring."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.ring: KeyringInMemory | None = KeyringInMemory()
        self.pins: list[str | None] = []
        self.begins_anew = False
        self.asked: list[tuple[str, Code | None]] = []
        self.notes: list[str] = []
        self.custody: Custody | None = None
        self._folder = folder
        monkeypatch.setattr(main, "open_store", self._opened)
        monkeypatch.setattr(main, "ask_pin", self._asked_for_pin)
        monkeypatch.setattr(main, "may_begin_anew", self._asked_to_begin_anew)
        monkeypatch.setattr(main, "in_store", self._works)

    @asynccontextmanager
    async def _opened(self, folder: Path, **how: Any) -> AsyncIterator[OfflineStore]:
        backend: Callable[[], Any] = NoKeyring if self.ring is None else lambda: self.ring
        vault = KeyVault(folder, choose_backend=backend, pin_cost=CHEAP, tpm=NoTpm(folder))
        async with open_store(folder, vault, **how) as store:
            yield store

    async def _asked_for_pin(
        self, _: QApplication, *, is_new: bool, code: Code | None = None
    ) -> str | None:
        self.asked.append(("new pin" if is_new else "pin", code))
        return self.pins.pop(0)

    async def _asked_to_begin_anew(self, _: QApplication, code: Code) -> bool:
        self.asked.append(("anew", code))
        return self.begins_anew

    async def _works(
        self, _: Settings, __: QApplication, store: OfflineStore, ___: AsyncExitStack
    ) -> int:
        self.custody = store.custody
        await store.transaction(lambda unit: unit.outbox.add(new_note("a day's work")))
        notes = await store.look(lambda unit: unit.records.notes(PATIENT))
        self.notes = [note.text for note in notes]
        return 0

    async def starts(self, *options: str) -> int:
        settings = read_settings(["--profile", str(self._folder), *options], "here")
        self.asked.clear()
        return await main.work(settings, None)  # type: ignore[arg-type]  # no window is made here


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Person:
    return Person(monkeypatch, tmp_path / "profile")


async def test_with_a_keyring_nobody_is_asked_anything(person: Person) -> None:
    assert await person.starts() == 0
    assert (person.asked, person.custody) == ([], Custody.KEYRING)


async def test_a_pin_is_asked_for_until_it_fits_or_the_person_leaves(person: Person) -> None:
    person.pins = [PIN]
    assert await person.starts("--ask-pin") == 0
    assert person.asked == [("new pin", None)]
    person.ring = None
    person.pins = ["000000", PIN]
    assert await person.starts("--ask-pin") == 0
    assert person.asked == [("pin", None), ("pin", Code.PIN_WRONG)]
    assert (person.custody, len(person.notes)) == (Custody.PIN, 2)
    person.pins = [None]
    assert await person.starts() == main.EXIT_CANNOT_OPEN


async def test_without_a_keyring_a_new_pin_keeps_what_would_be_lost(person: Person) -> None:
    person.ring = None
    person.pins = ["short", PIN]
    assert await person.starts("--ask-pin") == 0
    assert person.asked == [("new pin", None), ("new pin", Code.PIN_TOO_SHORT)]
    assert person.custody is Custody.PIN
    person.pins = [PIN]
    assert await person.starts() == 0
    assert person.notes == ["a day's work"] * 2


async def test_whoever_wants_no_pin_goes_on_without(person: Person) -> None:
    person.ring = None
    person.pins = [None]
    assert await person.starts("--ask-pin") == 0
    assert person.custody is None
    assert await person.starts() == 0
    assert person.asked == [] and len(person.notes) == 1  # nothing was kept


async def test_a_damaged_store_is_put_aside_when_the_person_says_so(
    person: Person, tmp_path: Path
) -> None:
    assert await person.starts() == 0
    path = tmp_path / "profile" / "store.db"
    path.write_bytes(b"damaged" * 2000)
    assert await person.starts() == main.EXIT_CANNOT_OPEN
    assert path.read_bytes() == b"damaged" * 2000
    person.begins_anew = True
    assert await person.starts() == 0
    assert person.asked == [("anew", Code.STORE_DAMAGED)]
    assert person.notes == ["a day's work"] * 2  # the one before came from the journal


async def test_a_new_key_is_made_once_and_everything_is_there(
    person: Person, tmp_path: Path
) -> None:
    await person.starts()
    before = (tmp_path / "profile" / "keys.json").read_bytes()
    assert await person.starts("--renew-key") == 0
    after = (tmp_path / "profile" / "keys.json").read_bytes()
    assert after != before and len(person.notes) == 2
    await person.starts()
    assert (tmp_path / "profile" / "keys.json").read_bytes() == after


@pytest.mark.parametrize(
    "failure",
    [
        Unavailable(Code.ADDRESS_INVALID),
        Rejected(Code.CA_UNREADABLE),
        Untrusted(Code.STORE_DAMAGED),
    ],
)
async def test_what_fails_later_is_said_before_the_program_ends(
    person: Person, monkeypatch: pytest.MonkeyPatch, failure: Failure
) -> None:
    async def fails(*_: object) -> int:
        raise failure

    monkeypatch.setattr(main, "in_store", fails)
    assert await person.starts() == main.EXIT_CANNOT_OPEN
    assert person.asked == [("anew", failure.code)]
