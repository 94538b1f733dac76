"""One asyncio loop run by Qt on the GUI thread: how it starts, ends, and what a defect leaves.

A report names types, files and lines, never a text of an exception: it may carry what it was given.
"""

import asyncio
import logging
import os
import platform
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import qasync
from PySide6 import __version__ as qt_version
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

log = logging.getLogger(__name__)

REPORTS_AT_MOST = 20


def make_application(name: str) -> QApplication:
    """Closing the last window ends nothing: it is an intent, the program ends in order."""
    application = QApplication([name])
    application.setApplicationName(name)
    application.setQuitOnLastWindowClosed(False)
    return application


def run(application: QApplication, work: Coroutine[Any, Any, int]) -> int:
    """Run `work` to its end on Qt's loop; what it left running is cancelled and waited for."""
    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(application)) as runner:
        return runner.run(work)


class LeaveSignals:
    """SIGTERM and SIGINT become the intent to leave; without the socket Qt would sleep through."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._heard, self._rung = socket.socketpair()
        for end in (self._heard, self._rung):
            end.setblocking(False)
        self._before = signal.set_wakeup_fd(self._rung.fileno(), warn_on_full_buffer=False)
        self._loop.add_reader(self._heard.fileno(), self._drain)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: leave())

    def _drain(self) -> None:
        self._heard.recv(64)

    def close(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(self._before)
        self._loop.remove_reader(self._heard.fileno())
        self._heard.close()
        self._rung.close()


class Defects(QObject):
    """What nobody foresaw is written down and told; the window offers to restart."""

    reported = Signal(str)  # where the report lies; empty when it could not be written

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._written = 0

    def watch(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Slots and callbacks from now on; with a loop also what its callbacks raise."""
        sys.excepthook = self._on_uncaught
        if loop is not None:
            loop.set_exception_handler(self._on_loop_error)

    def on_defect(self, error: BaseException) -> None:
        """For TaskOwner, and for whoever else meets one."""
        log.error("defect of type %s", type(error).__name__)
        self.reported.emit(self._write(error))

    def _on_uncaught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.on_defect(error.with_traceback(trace))

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.on_defect(error)
        else:
            log.error("the loop complains without an exception")

    def _write(self, error: BaseException) -> str:
        """A storm of defects fills no disk."""
        if self._written >= REPORTS_AT_MOST:
            return ""
        self._written += 1
        now = datetime.now(UTC)
        path = self._folder / f"defect-{now:%Y%m%d-%H%M%S}-{os.getpid()}-{self._written}.txt"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8") as report:
                report.write(_report_of(error, now))
        except OSError as refused:
            log.error("the report could not be written: %s", type(refused).__name__)
            return ""
        return str(path)


def _report_of(error: BaseException, now: datetime) -> str:
    lines = [
        f"time {now.isoformat(timespec='seconds')}",
        f"python {platform.python_version()}, qt {qt_version}, {platform.platform()}",
    ]
    present: BaseException | None = error
    while present is not None:
        lines.append(f"type {type(present).__module__}.{type(present).__qualname__}")
        for frame in traceback.extract_tb(present.__traceback__):
            lines.append(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}")
        present = present.__cause__ or present.__context__
    return "\n".join(lines) + "\n"
