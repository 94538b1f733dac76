"""Records what goes over a device's line, both ways, with times: JSON lines, for support and tests.

What identifies a patient is blanked before anything is written: what came is held back until the
line is quiet, so that the driver's mask sees whole records. Recording disturbs no measurement.
"""

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from app.domain.clock import Clock
from app.domain.failures import Unavailable
from peripherals.byte_port import BytePort, Chunk, SwitchFired
from peripherals.drivers.driver import Driver
from peripherals.line_setting import LineSetting
from peripherals.moment import Moment, now_of

log = logging.getLogger(__name__)

FORMAT = 1
QUIET_S = 0.5
HELD_BYTES = 4096  # more without a quiet moment is left out: a mask would see only parts
LONGEST_TRACE_BYTES = 64 * 1024 * 1024

Entry = dict[str, Any]


class Recorder:
    """One instrument's traces in a folder: a file for each life of its line."""

    def __init__(self, folder: Path, driver: Driver, clock: Clock) -> None:
        self._folder = folder
        self._driver = driver
        self._clock = clock
        self._trace: _Trace | None = None

    def port(self, inner: BytePort, line: LineSetting) -> "RecordingPort":
        begun = now_of(self._clock)
        head = {
            "trace": FORMAT,
            "driver": self._driver.name,
            "driver_version": self._driver.version,
            "line": str(line),
            "begun": begun.utc.isoformat(),
            "is_masked": self._driver.mask is not None,
        }
        name = f"{self._driver.name}-{begun.utc:%Y%m%dT%H%M%S%f}.jsonl"
        self._trace = _Trace(self._folder / name, head, begun.monotonic_s, self._driver.mask)
        return RecordingPort(inner, self._trace, self._clock)

    def wished(self, wish: str) -> None:
        """A person's start or stop: some conversations say nothing on the line about it."""
        if self._trace is not None:
            self._trace.add(now_of(self._clock), {"wish": wish})


class _Trace:
    """One file. Whatever is wrong with it is said once in the log and ends the recording."""

    def __init__(
        self, path: Path, head: Entry, begun_s: float, mask: Callable[[bytes], bytes] | None
    ) -> None:
        self._begun_s = begun_s
        self._mask = mask
        self._held: list[Entry] = []
        self._held_bytes = 0
        self._last_in_s = begun_s
        self._written_bytes = 0
        self._file: TextIO | None = None
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._file = os.fdopen(descriptor, "w", encoding="utf-8")
        except OSError as error:
            log.error("no trace of a device is written: %s", type(error).__name__)
        self._write([head])

    def add(self, at: Moment, entry: Entry) -> None:
        self._held.append({"t": self._time_of(at)} | entry)
        if self._mask is None:
            self._let_go()

    def add_bytes(self, chunk: Chunk) -> None:
        self._last_in_s = chunk.at.monotonic_s
        self._held_bytes += len(chunk.data)
        if self._mask is not None and self._held_bytes > HELD_BYTES:
            self._leave_out(chunk)
        else:
            self.add(chunk.at, {"in": chunk.data.hex()})

    def _leave_out(self, chunk: Chunk) -> None:
        """One entry, however long the line is not quiet."""
        last = self._held[-1] if self._held else {}
        if "left_out_bytes" in last:
            last["left_out_bytes"] += len(chunk.data)
        else:
            self.add(chunk.at, {"left_out_bytes": len(chunk.data)})

    def quiet(self, at: Moment) -> None:
        if self._held and at.monotonic_s - self._last_in_s >= QUIET_S:
            self._let_go()

    def close(self, at: Moment) -> None:
        self.add(at, {"closed": True})
        self._let_go()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _let_go(self) -> None:
        held, self._held, self._held_bytes = self._held, [], 0
        if self._mask is not None:
            raw = self._mask(b"".join(bytes.fromhex(e["in"]) for e in held if "in" in e))
            place = 0
            for entry in held:
                if "in" in entry:
                    byte_count = len(entry["in"]) // 2
                    entry["in"] = raw[place : place + byte_count].hex()
                    place += byte_count
        self._write(held)

    def _write(self, entries: list[Entry]) -> None:
        if self._file is None:
            return
        text = "".join(json.dumps(entry) + "\n" for entry in entries)
        self._written_bytes += len(text)
        try:
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            log.error("the trace of a device ends: %s", type(error).__name__)
            self._file = None
        if self._written_bytes > LONGEST_TRACE_BYTES and self._file is not None:
            log.warning("the trace of a device is full and ends")
            self._file.close()
            self._file = None

    def _time_of(self, at: Moment) -> float:
        return round(at.monotonic_s - self._begun_s, 6)


class RecordingPort:
    """Fulfils BytePort around another one."""

    def __init__(self, inner: BytePort, trace: _Trace, clock: Clock) -> None:
        self._inner = inner
        self._trace = trace
        self._clock = clock

    async def open(self) -> None:
        try:
            await self._inner.open()
        except Unavailable as lost:
            self._trace.add(now_of(self._clock), {"lost": str(lost.code)})
            raise

    async def close(self) -> None:
        await self._inner.close()
        self._trace.close(now_of(self._clock))

    async def read(self, limit_s: float) -> Chunk | SwitchFired | None:
        try:
            item = await self._inner.read(limit_s)
        except Unavailable as lost:
            self._trace.add(now_of(self._clock), {"lost": str(lost.code)})
            raise
        if isinstance(item, Chunk):
            self._trace.add_bytes(item)
        elif item is not None:
            self._trace.add(item.at, {"switch": True})
        self._trace.quiet(now_of(self._clock))
        return item

    def write(self, data: bytes) -> None:
        self._trace.add(now_of(self._clock), {"out": data.hex()})
        self._inner.write(data)

    def write_now(self, data: bytes) -> None:
        self._trace.add(now_of(self._clock), {"out": data.hex(), "is_urgent": True})
        self._inner.write_now(data)

    def arm(self, abort: bytes) -> None:
        self._inner.arm(abort)

    def renew(self) -> None:
        self._inner.renew()

    def disarm(self) -> None:
        self._inner.disarm()
