"""Waits for the end of a process that we started, without holding the loop and never for ever."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What sound, locale and the loader need; nothing else of our environment goes along.
_PASSED_ON = ("HOME", "LANG", "PATH", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "LD_LIBRARY_PATH")
_PASSED_ON_BEGINNINGS = ("ALSA_", "DBUS_SESSION_", "LC_", "PIPEWIRE_", "PULSE_")


def command_of(module: str, *arguments: str) -> list[str]:
    """Our own Python, our own code, whatever the working folder is."""
    return [sys.executable, "-P", "-m", module, *arguments]


def passed_on_environment() -> dict[str, str]:
    """The few variables that a program of ours needs, and where its code is."""
    passed_on = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_BEGINNINGS)
    }
    return passed_on | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


async def wait_for_end(process: subprocess.Popen[bytes], limit_s: float) -> bool:
    """Whether it ended within the limit; then it is reaped, too."""
    if process.poll() is not None:
        return True
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    handle = os.pidfd_open(process.pid)
    loop.add_reader(handle, ended.set)
    try:
        async with asyncio.timeout(limit_s):
            await ended.wait()
    except TimeoutError:
        pass  # poll() says how it is
    finally:
        loop.remove_reader(handle)
        os.close(handle)
    return process.poll() is not None
