"""Where the key lies, which keyrings are asked, and what happens without one."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from keyring.errors import InitError, KeyringLocked, NoKeyringError

from app.domain.failures import Code, Unavailable, Untrusted
from offline_store.key_vault import KeyVault, allowed_backends
from tests.fakes.keyring import KeyringInMemory, NoKeyring
from tests.fakes.tpm import NoTpm


def vault(folder: Path, backend: Any, limit_s: float = 5.0) -> KeyVault:
    folder.mkdir(exist_ok=True)
    return KeyVault(folder, choose_backend=lambda: backend, limit_s=limit_s, tpm=NoTpm(folder))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def backend_of(module: str, **attributes: Any) -> Any:
    """An object whose type says that it is of this module."""
    made = type("Keyring", (KeyringInMemory,), attributes)
    made.__module__ = module
    return made()


async def test_the_same_key_comes_back_and_each_profile_has_its_own(
    tmp_path: Path, ring: KeyringInMemory
) -> None:
    first = await vault(tmp_path / "a", ring).key(has_store=False)
    other = await vault(tmp_path / "b", ring).key(has_store=False)
    assert len(first) == 32 and first != other
    assert await vault(tmp_path / "a", ring).key(has_store=True) == first
    assert len(ring.items) == 2


async def test_one_item_under_the_profiles_name(folder: Path, ring: KeyringInMemory) -> None:
    key = await vault(folder, ring).key(has_store=False)
    keys = json.loads((folder / "keys.json").read_text())
    assert list(ring.items) == [("bedside", keys["profile"])]
    assert (folder / "keys.json").stat().st_mode & 0o777 == 0o600
    everything = (folder / "keys.json").read_bytes() + "".join(ring.items.values()).encode()
    assert key not in everything and key.hex().encode() not in everything


async def test_keys_that_guard_nothing_are_made_anew_under_the_same_name(
    folder: Path, ring: KeyringInMemory
) -> None:
    """A crash between keys.json and the store leaves the next start nothing to stumble over."""
    before = await vault(folder, ring).key(has_store=False)
    ring.items.clear()
    after = await vault(folder, ring).key(has_store=False)
    assert after != before and len(ring.items) == 1
    (folder / "keys.json").write_text("{")
    assert len(await vault(folder, ring).key(has_store=False)) == 32


@pytest.mark.parametrize("damage", ["no item", "another key", "no base64", "no keys.json"])
async def test_a_wrong_key_is_called_a_wrong_key(
    folder: Path, ring: KeyringInMemory, damage: str
) -> None:
    await vault(folder, ring).key(has_store=False)
    name = next(iter(ring.items))
    if damage == "no item":
        ring.items.clear()
    elif damage == "another key":
        ring.items[name] = "A" * 43 + "="
    elif damage == "no base64":
        ring.items[name] = "übel"
    else:
        (folder / "keys.json").unlink()
        (folder / "keys.copy.json").unlink()
    before = names_in(folder)
    with pytest.raises(Untrusted) as caught:
        await vault(folder, ring).key(has_store=True)
    assert caught.value.code is Code.STORE_WRONG_KEY
    assert names_in(folder) == before


@pytest.mark.parametrize("field", ["wrapped", "nonce", "key_check", "profile"])
async def test_a_damaged_key_file_is_not_called_a_wrong_key(
    folder: Path, ring: KeyringInMemory, field: str
) -> None:
    await vault(folder, ring).key(has_store=False)
    path = folder / "keys.json"
    keys = json.loads(path.read_text())
    place = keys["wrappings"][0] if field in keys["wrappings"][0] else keys
    text = place[field]
    place[field] = text[:5] + ("0" if text[5] != "0" else "1") + text[6:]
    path.write_text(json.dumps(keys))
    (folder / "keys.copy.json").write_text(json.dumps(keys))
    if field == "profile":  # the keyring is asked for this name, so let it have the item
        ring.items["bedside", place[field]] = next(iter(ring.items.values()))
    with pytest.raises(Untrusted) as caught:
        await vault(folder, ring).key(has_store=True)
    assert caught.value.code is Code.STORE_DAMAGED


@pytest.mark.parametrize("damage", ["gone", "empty", "a flipped bit"])
async def test_a_broken_key_file_is_mended_from_its_copy(
    folder: Path, ring: KeyringInMemory, damage: str
) -> None:
    key = await vault(folder, ring).key(has_store=False)
    path = folder / "keys.json"
    whole = path.read_bytes()
    for at in range(10, len(whole), 37):
        if damage == "gone":
            path.unlink()
        elif damage == "empty":
            path.write_bytes(b"")
        else:
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert await vault(folder, ring).key(has_store=True) == key, at
        assert path.read_bytes() == whole or damage == "a flipped bit"
        path.write_bytes(whole)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2}'])
async def test_a_key_file_without_sense_is_damage(
    folder: Path, ring: KeyringInMemory, text: str
) -> None:
    await vault(folder, ring).key(has_store=False)
    (folder / "keys.json").write_text(text)
    (folder / "keys.copy.json").write_text(text)
    with pytest.raises(Untrusted) as caught:
        await vault(folder, ring).key(has_store=True)
    assert caught.value.code is Code.STORE_DAMAGED


@pytest.mark.parametrize("module", ["SecretService", "Windows", "macOS", "kwallet"])
def test_back_ends_that_keep_secrets_are_allowed(module: str) -> None:
    backend = backend_of(f"keyring.backends.{module}")
    assert allowed_backends(backend) == [backend]


@pytest.mark.parametrize(
    "module",
    [
        "keyrings.alt.file",
        "keyring.backends",
        "keyring.backends.fail",
        "keyring.backends.null",
        "keyring.backends.SecretService.fake",
        "SecretService",
    ],
)
async def test_a_back_end_that_may_write_plain_text_is_never_given_the_key(
    folder: Path, module: str
) -> None:
    plain = backend_of(module)
    with pytest.raises(Unavailable) as caught:
        await vault(folder, plain).key(has_store=False)
    assert caught.value.code is Code.KEYRING_MISSING
    assert plain.items == {}
    assert names_in(folder) == []


async def test_a_chain_is_looked_at_link_by_link(folder: Path) -> None:
    plain, good = backend_of("keyrings.alt.file"), backend_of("keyring.backends.kwallet")
    chain = backend_of("keyring.backends.chainer", backends=[plain, good])
    key = await vault(folder, chain).key(has_store=False)
    assert (len(plain.items), len(good.items), len(chain.items)) == (0, 1, 0)
    assert await vault(folder, chain).key(has_store=True) == key
    only_plain = backend_of("keyring.backends.chainer", backends=[plain])
    with pytest.raises(Unavailable):
        await vault(folder, only_plain).key(has_store=True)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyringLocked("locked"), Code.KEYRING_LOCKED),
        (InitError("no bus"), Code.KEYRING_MISSING),
        (NoKeyringError("none"), Code.KEYRING_MISSING),
        (ConnectionRefusedError(), Code.KEYRING_MISSING),
    ],
)
async def test_foreign_errors_become_the_houses_words(
    folder: Path, error: Exception, code: Code
) -> None:
    def fail(*_: object) -> None:
        raise error

    backend = backend_of("keyring.backends.SecretService", set_password=fail)
    with pytest.raises(Unavailable) as caught:
        await vault(folder, backend).key(has_store=False)
    assert caught.value.code is code


async def test_a_keyring_that_waits_for_its_prompt_does_not_hold_the_start_up(
    folder: Path,
) -> None:
    answered = threading.Event()
    backend = backend_of(
        "keyring.backends.SecretService", set_password=lambda *_: answered.wait(30)
    )
    try:
        with pytest.raises(Unavailable) as caught:
            await vault(folder, backend, limit_s=0.05).key(has_store=False)
    finally:
        answered.set()
    assert caught.value.code is Code.KEYRING_LOCKED


async def test_a_keyring_that_forgets_at_once_is_none(folder: Path) -> None:
    backend = backend_of("keyring.backends.SecretService", set_password=lambda *_: None)
    with pytest.raises(Unavailable) as caught:
        await vault(folder, backend).key(has_store=False)
    assert caught.value.code is Code.KEYRING_MISSING
    assert not (folder / "keys.json").exists()


async def test_a_machine_without_any_keyring_is_a_designed_state(folder: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        await vault(folder, NoKeyring()).key(has_store=False)
    assert caught.value.code is Code.KEYRING_MISSING
