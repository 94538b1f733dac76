"""What the running screen and the running media process have mapped, read from outside."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 40.0
END_LIMIT_S = 15.0

OLD_OPENSSL = re.compile(r"lib(crypto|ssl)[-.\w]*\.so\.1\.1")
QT_CORE = re.compile(r"libQt(\d)Core[-.\w]*\.so")
# What decodes, calculates or sees has no business in the screen's process.
NOT_IN_THE_SCREEN = ("/cv2/", "/av/", "/av.libs/", "/numpy/", "/numpy.libs/", "/aiortc/")


@dataclass(frozen=True, slots=True)
class Mapped:
    """The files that a process has mapped into its memory."""

    paths: frozenset[str]

    @classmethod
    def by(cls, pid: int) -> "Mapped":
        lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
        fields = (line.split(maxsplit=5) for line in lines)
        return cls(frozenset(field[5] for field in fields if len(field) == 6))

    def with_part(self, *parts: str) -> list[str]:
        return sorted(path for path in self.paths if any(part in path for part in parts))

    def matching(self, words: re.Pattern[str]) -> list[str]:
        return sorted(path for path in self.paths if words.search(path))


def media_process_of(screen: int) -> int | None:
    for child in Path(f"/proc/{screen}/task/{screen}/children").read_text().split():
        if b"media.process" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
            return int(child)
    return None


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mapped, Mapped]]:
    """Screen and media process of a cart whose server is away; both have come to rest."""
    folder = tmp_path_factory.mktemp("running")
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_RUNTIME_DIR": str(folder),
    }
    environment.pop("DBUS_SESSION_BUS_ADDRESS", None)
    folder.chmod(0o700)
    arguments = ["--role", "cart", "--server", "http://127.0.0.1:9", "--profile"]
    command = [sys.executable, str(ROOT / "main.py"), *arguments, str(folder / "profile")]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as screen:
        try:
            media = _wait_until_up(screen)
            yield Mapped.by(screen.pid), Mapped.by(media)
        finally:
            screen.send_signal(signal.SIGTERM)
            try:
                screen.wait(END_LIMIT_S)
            except subprocess.TimeoutExpired:
                screen.kill()
                raise
    assert not Path(f"/proc/{media}").exists() or _is_dead(media), "the media process stayed"


def _wait_until_up(screen: subprocess.Popen[bytes]) -> int:
    """Both have loaded what they load at their start: nothing new in a whole second."""
    deadline = time.monotonic() + START_LIMIT_S
    before: tuple[Mapped, Mapped] | None = None
    while time.monotonic() < deadline:
        assert screen.poll() is None, "the screen ended"
        media = media_process_of(screen.pid)
        if media is not None:
            now = Mapped.by(screen.pid), Mapped.by(media)
            if now == before and now[1].with_part("/av.libs/") and now[0].matching(QT_CORE):
                return media
            before = now
        time.sleep(1.0)
    raise AssertionError("screen and media process were not up in time")


def _is_dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_nobody_maps_openssl_1_1(running: tuple[Mapped, Mapped]) -> None:
    for mapped in running:
        assert mapped.matching(OLD_OPENSSL) == []


def test_the_screen_has_one_qt_and_the_media_process_none(
    running: tuple[Mapped, Mapped],
) -> None:
    screen, media = running
    [only] = screen.matching(QT_CORE)
    assert "libQt6Core" in only
    assert media.with_part("libQt") == []


def test_nothing_that_decodes_calculates_or_sees_is_in_the_screen(
    running: tuple[Mapped, Mapped],
) -> None:
    screen, media = running
    assert screen.with_part(*NOT_IN_THE_SCREEN) == []
    # What is looked for is there where it belongs, so that this row can fail.
    assert media.with_part("/av.libs/") != []
    assert media.with_part("/numpy.libs/", "/numpy/") != []


def test_opencv_is_in_neither(running: tuple[Mapped, Mapped]) -> None:
    for mapped in running:
        assert mapped.with_part("/cv2/", "opencv") == []
