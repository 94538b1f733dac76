"""Bad input to the real programs: a window that says why, nothing lost, and no words in a log."""

import asyncio
import json
import os
import subprocess
import sys
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.domain.failures import Code
from demo.certificates import Certificates
from demo.desk import ROOT
from offline_store.database import open_store
from offline_store.key_vault import KeyVault
from offline_store.key_wrapping import COPY_NAME, KEYS_NAME
from offline_store.profile_folder import FolderLock
from offline_store.store_file import STORE_NAME
from tests.fakes.keyring import KeyringInFile
from tests.server.given import PASSWORD
from tests.server.test_program import address_of, run, running
from tests.store.given import PATIENT, new_note
from ui.wording import failure, text

USER = ("--username", "n.kim", "--name", "Nurse Kim", "--role", "presenter")
NOTE = "heard at the door"
PROGRAM_LIMIT_S = 40
CANNOT_OPEN = 3
KEY_FILES = (KEYS_NAME, COPY_NAME)


@dataclass(frozen=True, slots=True)
class Told:
    code: int
    texts: dict[str, str]
    log: str

    @property
    def said(self) -> str:
        return "\n".join(self.texts.values())


class Desk:
    """A profile with one kept note, and the program started on it."""

    def __init__(self, folder: Path) -> None:
        self.profile = folder / "profile"
        self._ring = folder / "ring.json"
        self._runtime = folder / "run"
        self._runtime.mkdir(mode=0o700)

    def vault(self) -> KeyVault:
        return KeyVault(self.profile, choose_backend=lambda: KeyringInFile(self._ring))

    async def keep(self, text: str) -> None:
        async with open_store(self.profile, self.vault()) as store:
            await store.transaction(lambda unit: unit.outbox.add(new_note(text)))

    async def notes(self) -> list[str]:
        async with open_store(self.profile, self.vault()) as store:
            notes = await store.transaction(lambda unit: unit.records.notes(PATIENT))
        return [note.text for note in notes]

    def shows(
        self,
        *arguments: str | Path,
        until: tuple[str, ...] = (),
        sign_in: tuple[str, str] | None = None,
    ) -> Told:
        """What stands on the screen once all of `until` is there, or after the limit."""
        wishes: dict[str, Any] = {"keyring": str(self._ring), "sign_in": sign_in, "limit_s": 15}
        environment = {
            **{name: value for name, value in os.environ.items() if "DBUS" not in name},
            "XDG_RUNTIME_DIR": str(self._runtime),
        }
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.whole.screen_teller"),
                *("--profile", str(self.profile), *map(str, arguments)),
            ],
            input=json.dumps({**wishes, "until": until}),
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PROGRAM_LIMIT_S,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.stdout, done.stderr
        return Told(done.returncode, json.loads(done.stdout)["texts"], done.stderr)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x55
    path.write_bytes(data)


@contextmanager
def _damage(desk: Desk, kind: str) -> Iterator[None]:
    store = desk.profile / STORE_NAME
    lock = FolderLock(desk.profile)
    match kind:
        case "flipped":
            spoil(store)
        case "empty":
            store.write_bytes(b"")
        case "keys":
            for name in KEY_FILES:  # one of them alone is mended from the other
                keys = desk.profile / name
                keys.write_bytes(keys.read_bytes()[:-40])
        case "key ring":
            (desk.profile.parent / "ring.json").unlink()
        case "in use":
            lock.take()
    yield
    lock.give_back()


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("flipped", Code.STORE_DAMAGED),
        ("empty", Code.STORE_DAMAGED),
        ("keys", Code.STORE_DAMAGED),
        ("key ring", Code.STORE_WRONG_KEY),
        ("in use", Code.STORE_IN_USE),
    ],
)
async def test_a_store_that_cannot_be_opened_is_told_in_a_window_and_left_as_it_is(
    desk: Desk, kind: str, code: Code
) -> None:
    await desk.keep(NOTE)
    with _damage(desk, kind):
        names = (STORE_NAME, *KEY_FILES)
        before = [(desk.profile / name).read_bytes() for name in names]
        told = desk.shows(until=(failure(code),))
        assert told.code == CANNOT_OPEN
        assert failure(code) in told.texts["cannot-open.message"]
        assert [(desk.profile / name).read_bytes() for name in names] == before
    if kind == "in use":
        assert await desk.notes() == [NOTE]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--server", "http://[::1"), Code.ADDRESS_INVALID),
        (("--server", "http://clinic.example:8470"), Code.PLAIN_HTTP_REFUSED),
        (("--server", "https://clinic.example", "--ca", "/missing.pem"), Code.CA_UNREADABLE),
        (("--profile", "/proc/bedside"), Code.PROFILE_UNUSABLE),
    ],
)
def test_a_start_with_wrong_words_is_told_in_a_window(
    desk: Desk, arguments: tuple[str, ...], code: Code
) -> None:
    told = desk.shows(*arguments, until=(failure(code),))
    assert told.code == CANNOT_OPEN
    assert failure(code) in told.texts["cannot-open.message"]


def test_a_certificate_of_somebody_else_is_refused_and_nothing_is_sent(
    desk: Desk, tmp_path: Path
) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    ours = Certificates(tmp_path / "ours", ("127.0.0.1",))
    theirs = Certificates(tmp_path / "theirs", ("127.0.0.1",))
    data = tmp_path / "data"
    run("add-user", "--data", data, *USER, typed=f"{PASSWORD}\n")
    with running(*("--data", data, "--tls-cert", theirs.certificate, "--tls-key", theirs.key)) as (
        _,
        lines,
    ):
        told = desk.shows(
            *("--role", "cart", "--server", address_of(lines), "--ca", ours.authority),
            until=(failure(Code.SERVER_UNTRUSTED),),
            sign_in=("n.kim", PASSWORD),
        )
    assert failure(Code.SERVER_UNTRUSTED) in told.texts["sign-in.message"]
    assert PASSWORD not in told.log
    said = run("verify-audit", "--data", data).out
    assert said.startswith("audit: 2 events")  # the account and its clinic; no sign-in was tried


@contextmanager
def cuff_that_speaks_garbage() -> Iterator[str]:
    """A serial line on which something else than a cuff talks."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    try:
        os.write(ours, os.urandom(3000))
        yield os.ttyname(theirs)
    finally:
        os.close(ours)
        os.close(theirs)


async def test_a_cart_whose_instruments_are_none_works_and_names_them(
    desk: Desk, tmp_path: Path
) -> None:
    film, sound, data = tmp_path / "film.mp4", tmp_path / "heart.wav", tmp_path / "data"
    film.write_bytes(os.urandom(50_000))
    sound.write_bytes(b"RIFF" + os.urandom(5000))
    run("add-user", "--data", data, *USER, typed=f"{PASSWORD}\n")
    with running("--data", data) as (_, lines), cuff_that_speaks_garbage() as port:
        told = await asyncio.to_thread(
            desk.shows,
            *("--role", "cart", "--server", address_of(lines), "--camera", film),
            *("--stethoscope", sound, "--cuff", port, "--microphone", "", "--speaker", ""),
            until=(
                failure(Code.DEVICE_SILENT),
                failure(Code.DEVICE_UNUSABLE),
                text("status.server-up"),
            ),
            sign_in=("n.kim", PASSWORD),
        )
    assert failure(Code.DEVICE_SILENT) in told.texts["device.blood-pressure-cuff"]
    assert failure(Code.DEVICE_UNUSABLE) in told.texts["device.stethoscope"]
    assert "n.kim" not in told.log and "Kim" not in told.log
    assert told.code == 0
