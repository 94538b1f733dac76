"""Child processes of the demonstration: started, their words kept, ended by process id at the end.

What they leave behind (a media process whose screen was killed) comes back to us, because we are
declared the reaper of our descendants; nothing is ever ended by name.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from demo.waiting import LOOK_S, NotSo, wait_for

PR_SET_CHILD_SUBREAPER = 36
END_LIMIT_S = 5.0


@dataclass(slots=True)
class Program:
    """One running child. `said` is the file of what it printed."""

    name: str
    process: subprocess.Popen[bytes]
    said: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def order(self, line: str) -> None:
        """One line on its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def words(self) -> str:
        return self.said.read_text(encoding="utf-8", errors="replace")

    def line_starting(self, start: str, limit_s: float) -> str:
        """The first whole line it printed that begins so."""
        return wait_for(f"{self.name} says {start!r}", lambda: self._line(start, 1), limit_s)

    def nth_line(self, start: str, number: int, limit_s: float) -> str:
        """The line with this number, from 1, among those that begin so."""
        what = f"{self.name} says {start!r} for the {number}. time"
        return wait_for(what, lambda: self._line(start, number), limit_s)

    def _line(self, start: str, number: int) -> str | None:
        whole = self.words().rpartition("\n")[0].splitlines()
        found = [line for line in whole if line.startswith(start)]
        if len(found) < number and not self.is_running:
            raise NotSo(f"ended with {self.process.returncode}: {self.words()[-800:]}")
        return found[number - 1] if len(found) >= number else None

    def end(self) -> None:
        """Asked, then made to. Harmless when it has ended."""
        if self.is_running:
            self.process.terminate()
            try:
                self.process.wait(END_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(END_LIMIT_S)
        if self.process.stdin is not None:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass  # it ended without reading all that was said to it

    def kill(self) -> None:
        """kill -9, at once."""
        self.process.kill()
        self.process.wait(END_LIMIT_S)


class Programs:
    """All children of one desk, ended in reverse order; `close` leaves no descendant behind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[Program] = []
        self._count = 0
        self._before = set(_descendants())
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def start(
        self,
        name: str,
        command: list[str],
        environment: Mapping[str, str],
        *,
        stdin: bytes | None = None,
        keeps_stdin: bool = False,
        pass_fds: tuple[int, ...] = (),
        cwd: Path | None = None,
    ) -> Program:
        """`stdin` is handed over and closed; with `keeps_stdin` orders may follow."""
        self._count += 1
        said = self._folder / f"{self._count:02}-{name}.log"
        wants_pipe = stdin is not None or keeps_stdin
        with said.open("wb") as log:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.PIPE if wants_pipe else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=pass_fds,
                cwd=cwd,
            )
        if stdin is not None and process.stdin is not None:
            _hand_over(process.stdin, stdin, closes=not keeps_stdin)
        program = Program(name, process, said)
        self._started.append(program)
        return program

    def kill_descendant(self, pid: int) -> None:
        """kill -9 of what one of our programs started; of nothing else."""
        if pid not in set(_descendants()) - self._before:
            raise NotSo(f"process {pid} is none of ours")
        os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        for program in reversed(self._started):
            program.end()
        self._started.clear()
        for pid in set(_descendants()) - self._before:
            _end(pid)
        reap()


def _hand_over(pipe: IO[bytes], data: bytes, *, closes: bool) -> None:
    pipe.write(data)
    pipe.flush()
    if closes:
        pipe.close()


def run(
    command: list[str], environment: Mapping[str, str], limit_s: float, stdin: bytes = b""
) -> str:
    """Run to its end; what it printed, or NotSo with its last words."""
    try:
        done = subprocess.run(
            command,
            env=dict(environment),
            input=stdin,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotSo(f"{Path(command[0]).name} did not end within {limit_s:.0f} s") from None
    if done.returncode:
        words = (done.stdout + done.stderr).decode("utf-8", "replace")
        raise NotSo(f"{' '.join(command[:4])} ended with {done.returncode}: {words[-800:]}")
    return done.stdout.decode("utf-8", "replace")


def parents() -> dict[int, int]:
    """Every process of this machine that we can see, and its parent."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue  # ended meanwhile
        if fields[0] != b"Z":
            found[int(entry.name)] = int(fields[1])
    return found


def descendants_of(root: int) -> list[int]:
    """Children, their children and so on, nearest first."""
    parent_of = parents()
    found, edge = [], [root]
    while edge:
        edge = [pid for pid, parent in parent_of.items() if parent in edge]
        found += edge
    return found


def _descendants() -> list[int]:
    return descendants_of(os.getpid())


def command_of(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1]
    except OSError:
        return []


def resident_mib(pid: int) -> float:
    """Proportional set size: shared pages are shared out among who uses them."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def _end(pid: int) -> None:
    """A descendant that somebody else started and left behind."""
    for wanted in (signal.SIGCONT, signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, wanted)
        except ProcessLookupError:
            return
        until = time.monotonic() + (0 if wanted == signal.SIGCONT else 1.0)
        while time.monotonic() < until:
            reap()
            if pid not in parents():
                return
            time.sleep(LOOK_S)


def reap() -> None:
    """Take the exit codes of orphans that came back to us; Popen keeps those of its own."""
    for pid, parent in _zombies():
        if parent == os.getpid():
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass  # Popen was quicker


def _zombies() -> list[tuple[int, int]]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields[0] == b"Z":
            found.append((int(entry.name), int(fields[1])))
    return found
