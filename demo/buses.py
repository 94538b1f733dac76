"""A private message bus, the accessibility bus on it, and a key ring with a random password.

Nothing of the person's own session is touched: no daemon of theirs, no key ring of theirs.
"""

import secrets
from pathlib import Path

from demo.programs import Programs, run
from demo.waiting import NotSo, wait_for

START_LIMIT_S = 30.0
ACCESSIBILITY = ("/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher")


def open_message_bus(programs: Programs, folder: Path, environment: dict[str, str]) -> str:
    """-> its address. A socket with a name: the other kind does not cross network name spaces."""
    socket = folder / "bus"
    address = f"unix:path={socket}"
    bus = programs.start(
        "message-bus",
        ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--address", address],
        environment,
    )
    wait_for(f"message bus {bus.words()[-200:]}", socket.exists, START_LIMIT_S)
    return address


def open_accessibility_bus(programs: Programs, environment: dict[str, str]) -> str:
    """-> its address. Started without a display: a person's own would be told of ours."""
    launcher = next((path for path in ACCESSIBILITY if Path(path).exists()), None)
    if launcher is None:
        raise NotSo("no accessibility bus: the Debian package at-spi2-core is not installed")
    programs.start("accessibility-bus", [launcher, "--launch-immediately"], environment)
    question = [
        *("dbus-send", "--session", "--print-reply=literal", "--dest=org.a11y.Bus"),
        *("/org/a11y/bus", "org.a11y.Bus.GetAddress"),
    ]
    _wait_for_owner("org.a11y.Bus", environment)
    address = wait_for(
        "accessibility bus",
        lambda: run(question, environment, START_LIMIT_S).strip(),
        START_LIMIT_S,
    )
    if not address.startswith("unix:path="):
        raise NotSo(f"the accessibility bus has an address nobody can reach: {address[:80]}")
    return address


def open_key_ring(programs: Programs, environment: dict[str, str]) -> None:
    """Unlocked with a password that is forgotten at once."""
    programs.start(
        "key-ring",
        ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
        environment,
        stdin=secrets.token_hex(16).encode(),
    )
    question = [
        *("dbus-send", "--session", "--print-reply=literal", "--dest=org.freedesktop.secrets"),
        *("/org/freedesktop/secrets", "org.freedesktop.DBus.Properties.Get"),
        *("string:org.freedesktop.Secret.Service", "string:Collections"),
    ]
    _wait_for_owner("org.freedesktop.secrets", environment)
    wait_for(
        "key ring",
        lambda: "collection" in run(question, environment, START_LIMIT_S),
        START_LIMIT_S,
    )


def _wait_for_owner(name: str, environment: dict[str, str]) -> None:
    """Asked of the bus itself: a question to the name would start a second daemon."""
    question = [
        *("dbus-send", "--session", "--print-reply=literal", "--dest=org.freedesktop.DBus"),
        *("/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", f"string:{name}"),
    ]
    wait_for(name, lambda: "true" in run(question, environment, START_LIMIT_S), START_LIMIT_S)
