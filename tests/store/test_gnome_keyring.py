"""A real gnome-keyring on a private bus: kept across its restarts, locked, and gone."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jeepney import MatchRule, message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection

NEEDED = ("dbus-daemon", "gnome-keyring-daemon")
LIMIT_S = 30.0


@contextmanager
def running(
    command: list[str], environment: dict[str, str], said: bytes
) -> Iterator[subprocess.Popen[bytes]]:
    """A program of ours, ended by its own process id."""
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(said)
            process.stdin.close()
            yield process
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def told_when_there(name: str, address: str) -> Iterator[Callable[[], None]]:
    """What waits until somebody owns this name on the bus."""
    appeared = MatchRule(
        type="signal",
        sender=message_bus.bus_name,
        interface=message_bus.interface,
        member="NameOwnerChanged",
        path=message_bus.object_path,
    )
    appeared.add_arg_condition(0, name)
    with open_dbus_connection(address) as bus, bus.filter(appeared) as heard:
        Proxy(message_bus, bus, timeout=LIMIT_S).AddMatch(appeared)
        yield lambda: bus.recv_until_filtered(heard, timeout=LIMIT_S)


@contextmanager
def session(home: Path, *, password: bytes | None) -> Iterator[dict[str, str]]:
    """A private bus with a keyring on it: open with a password, locked without."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
    }
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    environment |= {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_RUNTIME_DIR": str(runtime),
    }
    bus = ["dbus-daemon", "--session", "--nofork", "--print-address=1"]
    keyring = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
    if password is not None:
        keyring.append("--unlock")
    with running(bus, environment, b"") as daemon:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().decode().strip()
        environment["DBUS_SESSION_BUS_ADDRESS"] = address
        with told_when_there("org.freedesktop.secrets", address) as wait:
            with running(keyring, environment, password or b""):
                wait()
                yield environment


def opened(folder: Path, environment: dict[str, str], text: str = "") -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.store.keyring_child", str(folder), text],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_a_store_lives_as_long_as_its_keyring(tmp_path: Path) -> None:
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"SKIPPED: no real keyring is tried, {missing} is not installed")
    folder, home = tmp_path / "profile", tmp_path / "home"

    with session(home, password=b"a log-in password") as environment:
        assert opened(folder, environment, "kept")["notes"] == ["kept"]
    store = (folder / "store.db").read_bytes()

    with session(home, password=b"a log-in password") as environment:
        found = opened(folder, environment, "after a restart")
    assert found["is_kept"] and found["notes"] == ["after a restart", "kept"]
    assert (folder / "store.db").read_bytes() != store
    store = (folder / "store.db").read_bytes()

    with session(home, password=None) as environment:
        locked = opened(folder, environment, "into memory")
    assert locked == {
        "is_kept": False,
        "why_not": "keyring-locked",
        "has_unopened_store": True,
        "notes": ["into memory"],
    }
    with session(tmp_path / "another", password=b"another person") as environment:
        assert opened(folder, environment) == {"failed": "store-wrong-key"}

    without = environment | {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    assert opened(folder, without)["why_not"] == "keyring-missing"
    assert (folder / "store.db").read_bytes() == store
