"""A private sound server with null sinks, for programs that want a real sound device."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.unproven import unproven

START_LIMIT_S = 10.0


class SoundServer:
    """Started and ended by whoever uses it, known by its own process id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"unix:{folder}/pulse/native"

    def environment(self, *, sink: str, source: str) -> dict[str, str]:
        """What a client needs besides its own environment."""
        return {
            "PULSE_SERVER": self.address,
            "PULSE_COOKIE": str(self._folder / "cookie"),
            "PULSE_SINK": sink,
            "PULSE_SOURCE": source,
        }

    def start(self) -> None:
        homes = {"HOME": "home", "XDG_RUNTIME_DIR": "xdg", "PULSE_RUNTIME_PATH": "pulse"}
        environment = {"PATH": os.environ["PATH"]}
        for name, folder in homes.items():
            (self._folder / folder).mkdir(mode=0o700, exist_ok=True)
            environment[name] = str(self._folder / folder)
        modules = [
            f"module-native-protocol-unix socket={self._folder}/pulse/native auth-anonymous=1",
            "module-null-sink sink_name=voice rate=48000 channels=1",
            "module-null-sink sink_name=body rate=44100 channels=1",
        ]
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"]
        self._process = subprocess.Popen(
            [*command, *(f"--load={module}" for module in modules)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ends_at = time.monotonic() + START_LIMIT_S
        while not (self._folder / "pulse" / "native").exists():
            assert self._process.poll() is None, "the sound server ended"
            assert time.monotonic() < ends_at, "the sound server does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None
        (self._folder / "pulse" / "native").unlink(missing_ok=True)


@contextlib.contextmanager
def sound_server() -> Iterator[SoundServer]:
    """Where there is no PulseAudio nothing is proven, and the test says so."""
    if shutil.which("pulseaudio") is None or shutil.which("paplay") is None:
        unproven("pulseaudio and paplay are not installed: no sound device to test with")
    folder = Path(tempfile.mkdtemp(prefix="bedside-sound-"))  # short: a socket's path is limited
    server = SoundServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
