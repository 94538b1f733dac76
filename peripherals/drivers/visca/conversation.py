"""A talk with a VISCA camera: one small move at a time, each ended by its own stop; no I/O.

A drive command goes on until it is stopped, so a stop follows each by itself a moment later. A move
that is asked for again meanwhile goes on; another one stops the first.
"""

from dataclasses import dataclass

from app.domain.camera_moves import Move
from app.domain.failures import Code
from peripherals.drivers.fault import Fault
from peripherals.drivers.visca.codec import Command, Completed, Frame, Refused, encode
from peripherals.moment import Moment

MOVE_S = 0.25
ASK_EVERY_S = 2.0  # is it still there? the version is asked for, which moves nothing
SILENT_AFTER_S = 5.0
VERSION_BYTES = 7

DRIVES: dict[Move, tuple[tuple[Command, ...], Command]] = {
    Move.ZOOM_IN: ((Command.ZOOM_TELE,), Command.ZOOM_STOP),
    Move.ZOOM_OUT: ((Command.ZOOM_WIDE,), Command.ZOOM_STOP),
    Move.FOCUS_NEARER: ((Command.FOCUS_MANUAL, Command.FOCUS_NEAR), Command.FOCUS_STOP),
    Move.FOCUS_FARTHER: ((Command.FOCUS_MANUAL, Command.FOCUS_FAR), Command.FOCUS_STOP),
    Move.LEFT: ((Command.LEFT,), Command.TURN_STOP),
    Move.RIGHT: ((Command.RIGHT,), Command.TURN_STOP),
    Move.UP: ((Command.UP,), Command.TURN_STOP),
    Move.DOWN: ((Command.DOWN,), Command.TURN_STOP),
}


@dataclass(frozen=True, slots=True)
class _Running:
    move: Move
    stop: Command
    until_s: float


class ViscaConversation:
    """One life of an open line. What is answered are bytes to send."""

    def __init__(self) -> None:
        self.is_ready = False
        self.refused: Code | None = None  # why the newest move was not made
        self._running: _Running | None = None
        self._asked_s = self._heard_s = 0.0
        self._is_begun = False

    @property
    def is_running(self) -> bool:
        return self._running is not None

    @property
    def abort_bytes(self) -> bytes:
        """What the dead man's switch sends: the stop of what runs."""
        return b"" if self._running is None else encode(self._running.stop)

    def is_silent(self, at: Moment) -> bool:
        """The line is open and nobody answers: it must be opened anew."""
        return self._is_begun and at.monotonic_s - self._heard_s >= SILENT_AFTER_S

    def opened(self, at: Moment) -> bytes:
        """Whatever a killed program left turning stops first."""
        self._is_begun, self._heard_s, self._asked_s = True, at.monotonic_s, at.monotonic_s
        stops = (Command.TURN_STOP, Command.ZOOM_STOP, Command.FOCUS_STOP)
        return _told(Command.CLEAR, *stops, Command.ASK_VERSION)

    def make(self, move: Move, at: Moment) -> bytes:
        """Begins it, or lets it go on."""
        self.refused = None
        if move is Move.FOCUS_BY_ITSELF:
            return self._stopped() + _told(Command.FOCUS_AUTO)
        until_s = at.monotonic_s + MOVE_S
        drive, stop = DRIVES[move]
        if self._running is not None and self._running.move is move:
            self._running = _Running(move, stop, until_s)
            return b""
        before = self._stopped()
        self._running = _Running(move, stop, until_s)
        return before + _told(*drive)

    def heard(self, frame: Frame | Fault, at: Moment) -> bytes:
        if isinstance(frame, Fault):
            return b""
        self._heard_s = at.monotonic_s
        if isinstance(frame, Completed) and len(frame.data) == VERSION_BYTES:
            self.is_ready = True
        elif isinstance(frame, Refused) and self._running is not None:
            self.refused = Code.CAMERA_CANNOT_MOVE
            return self._stopped()  # of two commands one may have been taken
        return b""

    def tick(self, at: Moment) -> bytes:
        told = b""
        if self._running is not None and at.monotonic_s >= self._running.until_s:
            told += self._stopped()
        if at.monotonic_s - self._asked_s >= ASK_EVERY_S:
            self._asked_s = at.monotonic_s
            told += _told(Command.ASK_VERSION)
        return told

    def stopped_by_switch(self) -> None:
        """Nobody looked after it for so long that the port itself has sent the stop."""
        self._running = None

    def _stopped(self) -> bytes:
        running, self._running = self._running, None
        return b"" if running is None else _told(running.stop)


def _told(*commands: Command) -> bytes:
    return b"".join(encode(command) for command in commands)
