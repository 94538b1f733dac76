"""What a process and its children used of the processors, and their orderly end."""

import asyncio
import os
import signal
from pathlib import Path

END_LIMIT_S = 10.0
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """User and system seconds of the process and all below it, of those that live."""
    return sum(_own_cpu_s(one) for one in (pid, *below(pid)))


def resident_bytes(pid: int) -> int:
    total = 0
    for one in (pid, *below(pid)):
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1])
        except OSError:
            pass  # ended meanwhile
    return total * os.sysconf("SC_PAGE_SIZE")


def below(pid: int) -> list[int]:
    """Children, their children and so on."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, look = [], [pid]
    while look:
        mine = children.get(look.pop(), [])
        found += mine
        look += mine
    return found


def _own_cpu_s(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND if fields else 0.0


def _stat(pid: int) -> list[str]:
    """Fields of proc(5) from `state` on; none when the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


async def end(process: asyncio.subprocess.Process) -> None:
    """Its input closed, then asked, then not asked; its children with it."""
    if process.stdin is not None:
        process.stdin.close()
    for word in (None, signal.SIGTERM, signal.SIGKILL):
        if word is not None:
            for pid in (*below(process.pid), process.pid):
                try:
                    os.kill(pid, word)
                except ProcessLookupError:
                    pass
        try:
            await asyncio.wait_for(process.wait(), END_LIMIT_S)
            return
        except TimeoutError:
            pass
