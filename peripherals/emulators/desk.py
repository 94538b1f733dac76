"""One simulated device on a pty, told what to do line by line; a single loop without threads."""

import json
import os
import random
import select
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

from peripherals.emulators.pty_line import PtyLine
from peripherals.emulators.simulated import Emulator
from peripherals.emulators.wire_faults import WireFault, shaped

TICK_S = 0.005
CONTROL_BYTES = 4096

# Faults that strike in the middle of a measurement: the device says nothing more, or is pulled.
STALL, UNPLUG = "stall", "unplug"


def fault_names(emulator: Emulator) -> list[str]:
    return [*WireFault, STALL, UNPLUG, *emulator.faults]


class Desk:
    """Runs until its control channel ends or says `quit`."""

    def __init__(self, line: PtyLine, emulator: Emulator, cycle_s: float, log: TextIO) -> None:
        self._line = line
        self._log = log
        self._emulator = emulator
        self._device = emulator.make(cycle_s, self._command_seen)
        self._wire = WireFault.NONE
        self._strikes: str | None = None  # STALL or UNPLUG, waiting for its moment
        self._noise = random.Random()
        self._going_out: list[tuple[float, bytes]] = []
        self._commands = 0
        self._is_over = False
        self._orders: dict[str, Callable[[str], str]] = {
            "result": self.set_result,
            "fault": self.set_fault,
            "press": self._press,
            "unplug": self._unplug,
            "replug": self._replug,
            "status": self._status,
            "quit": self._quit,
        }

    def run(self, control: int | None, answers: TextIO) -> None:
        self._line.plug()
        answers.write(f"port {self._line.port}\n")
        answers.flush()
        lines = b""
        while not self._is_over:
            plugged = [self._line.fileno()] if self._line.is_plugged else []
            watched = plugged + ([control] if control is not None else [])
            ready, _, _ = select.select(watched, [], [], TICK_S)
            if control is not None and control in ready:
                received = os.read(control, CONTROL_BYTES)
                if not received:
                    break
                *whole, lines = (lines + received).split(b"\n")
                for order in whole:
                    answers.write(self.ordered(order.decode("utf-8", "replace")) + "\n")
                    answers.flush()
            self._turn(is_readable=self._line.is_plugged and self._line.fileno() in ready)
        self._line.pull()

    def ordered(self, text: str) -> str:
        """`result 128/76/71` or `{"command": "result", "value": "128/76/71"}`; one line back."""
        try:
            name, value = _order_of(text)
            if name not in self._orders:
                return f"error unknown command, known: {' '.join(self._orders)}"
            return self._orders[name](value)
        except ValueError as wrong:
            return f"error {wrong}"

    def set_result(self, text: str) -> str:
        try:
            self._device.shows(text)
        except ValueError as wrong:
            form = self._emulator.result_form
            raise ValueError(f"{wrong}; a result looks like {form}") from wrong
        return "ok"

    def set_fault(self, text: str) -> str:
        """One fault at a time; `none` ends it. A device that was pulled stays pulled."""
        name = text.partition(":")[0]
        own = {fault.partition(":")[0] for fault in self._emulator.faults}
        if name not in {*WireFault, STALL, UNPLUG, *own}:
            raise ValueError(f"unknown fault, known: {' '.join(fault_names(self._emulator))}")
        self._device.fails(text if name in own else "none")
        self._wire = WireFault(name) if name in list(WireFault) else WireFault.NONE
        self._strikes = name if name in (STALL, UNPLUG) else None
        return "ok"

    def _turn(self, *, is_readable: bool) -> None:
        now = time.monotonic()
        answers = self._device.tick(now)
        if is_readable:
            answers += self._device.heard(self._line.read(), now)
        if self._strikes is not None and self._device.is_striking(now):
            self._strike()
        self._answer(answers, now)
        due = [piece for at, piece in self._going_out if at <= now]
        self._going_out = [piece for piece in self._going_out if piece[0] > now]
        if due and self._line.is_plugged:
            self._line.write(b"".join(due))

    def _answer(self, answers: list[bytes], now: float) -> None:
        for answer in answers:
            begin = max([now, *(at for at, _ in self._going_out)])  # one after the other
            emulator = self._emulator
            pieces = shaped(
                answer, self._wire, self._noise, emulator.false_sync, emulator.split_gap_s
            )
            self._going_out += [(begin + delay, piece) for delay, piece in pieces]

    def _strike(self) -> None:
        if self._strikes == UNPLUG:
            self._unplug("")
        else:
            self._wire = WireFault.SILENT
        self._strikes = None

    def _command_seen(self, name: str, raw: bytes) -> None:
        self._commands += 1
        line = {
            "at": datetime.now(UTC).isoformat(),
            "monotonic": time.monotonic(),
            "command": name,
            "hex": raw.hex(),
        }
        self._log.write(json.dumps(line) + "\n")
        self._log.flush()

    def _press(self, _: str) -> str:
        now = time.monotonic()
        self._answer(self._device.pressed(now), now)
        return "ok"

    def _unplug(self, _: str) -> str:
        self._going_out.clear()
        self._line.pull()
        return "ok"

    def _replug(self, _: str) -> str:
        if self._line.is_plugged:
            return "ok"
        self._line.plug()
        return f"ok port {self._line.port}"

    def _status(self, _: str) -> str:
        now = time.monotonic()
        told = self._device.told(now) | {
            "commands": self._commands,
            "is_plugged": self._line.is_plugged,
            "fault": str(self._strikes or self._wire),
        }
        return json.dumps(told)

    def _quit(self, _: str) -> str:
        self._is_over = True
        return "ok"


def _order_of(text: str) -> tuple[str, str]:
    text = text.strip()
    if text.startswith("{"):
        order = json.loads(text)
        return str(order.get("command", "")), str(order.get("value", ""))
    name, _, value = text.partition(" ")
    return name, value.strip()


def control_of_standard_input() -> int | None:
    """None when standard input is the null device: then nobody wants to tell us anything."""
    descriptor = sys.stdin.fileno()
    is_null = os.path.samestat(os.fstat(descriptor), os.stat(os.devnull))
    return None if is_null else descriptor
