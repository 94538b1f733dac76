"""Further ways to the same key: a PIN with five tries, a TPM where there is one, and a new key."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.failures import Code, Failure, Rejected, Unavailable, Untrusted
from offline_store.database import open_store
from offline_store.key_vault import Custody, KeyVault
from offline_store.pin import PinCost, key_of_pin
from offline_store.tpm import ADDRESS, Tpm
from tests.fakes.keyring import KeyringInMemory, NoKeyring
from tests.fakes.tpm import NoTpm
from tests.store.given import PATIENT, new_note

PIN = "270496"
CHEAP = PinCost(memory_kib=64, passes=1, lanes=1)


def vault(folder: Path, ring: KeyringInMemory | None = None, tpm: Tpm | None = None) -> KeyVault:
    """Without a ring: a machine that has none."""
    return KeyVault(
        folder,
        choose_backend=NoKeyring if ring is None else lambda: ring,
        tpm=tpm or NoTpm(folder),
        pin_cost=CHEAP,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "profile"
    place.mkdir(mode=0o700)
    return place


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def with_pin(folder: Path, ring: KeyringInMemory) -> bytes:
    """A profile whose keyring item and PIN open the same key."""
    key = await vault(folder, ring).key(has_store=False)
    await vault(folder, ring).set_pin(key, PIN)
    return key


async def code_of(folder: Path, pin: str | None, ring: KeyringInMemory | None = None) -> Code:
    with pytest.raises(Failure) as caught:
        await vault(folder, ring).key(has_store=True, pin=pin)
    return caught.value.code


async def test_the_pin_opens_what_the_keyring_opened(folder: Path) -> None:
    ring = KeyringInMemory()
    key = await with_pin(folder, ring)
    by_ring, by_pin = vault(folder, ring), vault(folder)
    assert await by_ring.key(has_store=True) == key and by_ring.custody is Custody.KEYRING
    assert await by_pin.key(has_store=True, pin=PIN) == key and by_pin.custody is Custody.PIN
    assert await vault(folder).key(has_store=True, pin=PIN) == key
    text = (folder / "keys.json").read_text()
    assert PIN not in text and key.hex() not in text


async def test_without_a_keyring_the_pin_is_asked_for_and_nothing_else_is_done(
    folder: Path,
) -> None:
    await with_pin(folder, KeyringInMemory())
    before = (folder / "keys.json").read_bytes()
    assert await code_of(folder, None) is Code.PIN_NEEDED
    assert await code_of(folder, None, KeyringInMemory()) is Code.PIN_NEEDED  # its item is gone
    assert (folder / "keys.json").read_bytes() == before


async def test_five_wrong_pins_and_it_opens_nothing_any_more(folder: Path) -> None:
    ring = KeyringInMemory()
    key = await with_pin(folder, ring)
    said = [await code_of(folder, "000000") for _ in range(5)]
    assert said == [Code.PIN_WRONG] * 4 + [Code.PIN_USED_UP]
    assert await code_of(folder, PIN) is Code.PIN_USED_UP  # the right one, too
    assert await vault(folder, ring).key(has_store=True) == key  # what the machine holds opens
    await vault(folder, ring).set_pin(key, "another one")
    assert await vault(folder).key(has_store=True, pin="another one") == key


async def test_a_right_pin_gives_the_tries_back(folder: Path) -> None:
    key = await with_pin(folder, KeyringInMemory())
    for _ in range(3):
        for _ in range(4):
            assert await code_of(folder, "000000") is Code.PIN_WRONG
        assert await vault(folder).key(has_store=True, pin=PIN) == key


async def test_a_try_is_counted_before_it_is_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who pulls the plug at the right moment has no sixth try."""
    await with_pin(folder, KeyringInMemory())

    class Pulled(Exception):
        pass

    def plug_is_pulled(*_: object) -> bytes:
        raise Pulled

    monkeypatch.setattr("offline_store.key_vault.key_of_pin", plug_is_pulled)
    for _ in range(5):
        with pytest.raises(Pulled):
            await vault(folder).key(has_store=True, pin=PIN)
    monkeypatch.undo()
    assert await code_of(folder, PIN) is Code.PIN_USED_UP


async def test_a_machine_without_a_keyring_may_be_kept_by_a_pin_alone(folder: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        await vault(folder).key(has_store=False)
    assert caught.value.code is Code.KEYRING_MISSING
    with pytest.raises(Rejected) as refused:
        await vault(folder).key(has_store=False, pin="12345")
    assert refused.value.code is Code.PIN_TOO_SHORT
    async with open_store(folder, vault(folder), pin=PIN) as store:
        assert store.is_kept and store.custody is Custody.PIN
        await store.transaction(lambda unit: unit.outbox.add(new_note("kept by a PIN")))
        with pytest.raises(Rejected):
            await store.set_pin(None)  # the only way there is
    with pytest.raises(Unavailable):
        async with open_store(folder, vault(folder)):
            pass
    async with open_store(folder, vault(folder), pin=PIN) as store:
        notes = await store.look(lambda unit: unit.records.notes(PATIENT))
        assert [note.text for note in notes] == ["kept by a PIN"]


async def test_a_pin_that_is_given_up_opens_nothing(folder: Path) -> None:
    ring = KeyringInMemory()
    key = await with_pin(folder, ring)
    await vault(folder, ring).set_pin(key, None)
    assert not vault(folder).has(Custody.PIN)
    assert await code_of(folder, PIN) is Code.KEYRING_MISSING  # and no PIN is asked for


@pytest.mark.parametrize("field", ["salt", "wrapped", "check"])
async def test_a_damaged_wrapping_is_no_wrong_profile(folder: Path, field: str) -> None:
    await with_pin(folder, KeyringInMemory())
    path = folder / "keys.json"
    keys = json.loads(path.read_text())
    (held,) = [one for one in keys["wrappings"] if one["kind"] == "pin"]
    place = held["pin"] if field == "salt" else held
    place[field] = place[field][:3] + ("0" if place[field][3] != "0" else "1") + place[field][4:]
    for name in ("keys.json", "keys.copy.json"):
        (folder / name).write_text(json.dumps(keys))
    expected = Code.STORE_DAMAGED if field == "wrapped" else Code.PIN_WRONG
    assert await code_of(folder, PIN) is expected


async def test_a_wrapping_of_a_later_release_is_kept(folder: Path) -> None:
    ring = KeyringInMemory()
    key = await vault(folder, ring).key(has_store=False)
    path = folder / "keys.json"
    keys = json.loads(path.read_text())
    later = {**keys["wrappings"][0], "kind": "smartcard", "slot": 9}
    path.write_text(json.dumps({**keys, "wrappings": [later, *keys["wrappings"]]}))
    await vault(folder, ring).set_pin(key, PIN)
    kept = json.loads(path.read_text())["wrappings"]
    assert [one["kind"] for one in kept] == ["smartcard", "keyring", "pin"]
    assert kept[0]["slot"] == 9
    assert await vault(folder, ring).key(has_store=True) == key


def test_what_a_guess_costs() -> None:
    """The real cost, once: a key that needs 64 MiB, and the same for the same PIN."""
    salt = bytes(16)
    assert PinCost() == PinCost(memory_kib=65_536, passes=3, lanes=4)
    key = key_of_pin(PIN, salt, PinCost())
    assert len(key) == 32 and key != key_of_pin("270497", salt, CHEAP)
    assert key_of_pin("e\u0301" * 6, salt, CHEAP) == key_of_pin("\u00e9" * 6, salt, CHEAP)


# --- the TPM -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A TPM in software, of this test alone."""
    if shutil.which("swtpm") is None or shutil.which("tpm2_unseal") is None:
        pytest.skip("SKIPPED: no swtpm and tpm2-tools here, the TPM is not tried")
    state = tmp_path_factory.mktemp("tpm")
    socket = state / "socket"
    command = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--flags"]
    command += ["startup-clear", "--server", f"type=unixio,path={socket}"]
    command += ["--ctrl", f"type=unixio,path={socket}.ctrl"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while not socket.exists() and time.monotonic() < end:
        time.sleep(0.02)
    yield f"swtpm:path={socket}"
    process.terminate()
    process.wait(10)


@pytest.fixture
def address(chip: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(ADDRESS, chip)
    return chip


def extend(address: str) -> None:
    """As if another system had been started on this machine."""
    digest = f"7:sha256={os.urandom(32).hex()}"
    environment = {**os.environ, ADDRESS: address}
    subprocess.run(["tpm2_pcrextend", digest], check=True, timeout=20, env=environment)


async def test_a_cart_opens_by_its_tpm_until_another_system_is_started(
    folder: Path, address: str
) -> None:
    on_cart = vault(folder, None, Tpm(folder))
    key = await on_cart.key(has_store=False)
    assert on_cart.custody is Custody.TPM
    assert await vault(folder, None, Tpm(folder)).key(has_store=True) == key
    await vault(folder, None, Tpm(folder)).set_pin(key, PIN)
    assert names_in(folder) == ["keys.copy.json", "keys.json"]
    extend(address)
    with pytest.raises(Unavailable) as caught:
        await vault(folder, None, Tpm(folder)).key(has_store=True)
    assert caught.value.code is Code.PIN_NEEDED
    by_pin = vault(folder, None, Tpm(folder))
    assert await by_pin.key(has_store=True, pin=PIN) == key
    await by_pin.seal_to_tpm(key)  # whoever started the other system meant it
    assert await vault(folder, None, Tpm(folder)).key(has_store=True) == key


async def test_the_tpm_opens_where_the_keyring_is_away(folder: Path, address: str) -> None:
    ring = KeyringInMemory()
    key = await vault(folder, ring).key(has_store=False)
    await vault(folder, ring, Tpm(folder)).seal_to_tpm(key)
    assert await vault(folder, None, Tpm(folder)).key(has_store=True) == key


async def test_what_another_tpm_sealed_is_a_wrong_key(folder: Path, address: str) -> None:
    key = await vault(folder, None, Tpm(folder)).key(has_store=False)
    assert len(key) == 32
    path = folder / "keys.json"
    keys = json.loads(path.read_text())
    held = keys["wrappings"][0]["tpm"]
    private = bytearray(held["private"].encode())
    private[30] = ord("A") if private[30] != ord("A") else ord("B")
    held["private"] = private.decode()
    for name in ("keys.json", "keys.copy.json"):
        (folder / name).write_text(json.dumps(keys))
    with pytest.raises(Untrusted) as caught:
        await vault(folder, None, Tpm(folder)).key(has_store=True)
    assert caught.value.code is Code.STORE_WRONG_KEY


async def test_a_machine_whose_tpm_is_gone_says_so(folder: Path, address: str) -> None:
    await vault(folder, None, Tpm(folder)).key(has_store=False)
    with pytest.raises(Unavailable) as caught:
        await vault(folder).key(has_store=True)
    assert caught.value.code is Code.TPM_MISSING
