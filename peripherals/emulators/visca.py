"""A simulated VISCA camera head: commands and time in, answers out; no I/O.

Written from the published command list and sharing no code with the driver. It turns at a speed of
its own and stops at its ends, as the real one does.
"""

from dataclasses import dataclass

from peripherals.emulators.simulated import Emulator, Seen, Told

PAN_LEAST, PAN_MOST = -2267, 2267
TILT_LEAST, TILT_MOST = -400, 1200
ZOOM_MOST = 0x4000
FOCUS_LEAST, FOCUS_MOST = 0x1000, 0xC000
# How far it gets in a second.
TURN_PER_S, ZOOM_PER_S, FOCUS_PER_S = 300.0, 4000.0, 8000.0
FAULTS = ("refuse", "deaf")
REST_OF_COMMAND_S = 0.5
VERSION = bytes.fromhex("00200406010102")


@dataclass(slots=True)
class Stand:
    """Where it stands, and whither it goes: -1, 0 or 1 of each."""

    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 0.0
    focus: float = float(FOCUS_LEAST)
    is_focus_automatic: bool = True
    pan_way: int = 0
    tilt_way: int = 0
    zoom_way: int = 0
    focus_way: int = 0

    @property
    def is_moving(self) -> bool:
        return bool(self.pan_way or self.tilt_way or self.zoom_way or self.focus_way)

    def pass_time(self, seconds: float) -> None:
        self.pan = _within(self.pan + self.pan_way * TURN_PER_S * seconds, PAN_LEAST, PAN_MOST)
        self.tilt = _within(self.tilt + self.tilt_way * TURN_PER_S * seconds, TILT_LEAST, TILT_MOST)
        self.zoom = _within(self.zoom + self.zoom_way * ZOOM_PER_S * seconds, 0, ZOOM_MOST)
        self.focus = _within(
            self.focus + self.focus_way * FOCUS_PER_S * seconds, FOCUS_LEAST, FOCUS_MOST
        )


def _within(value: float, least: float, most: float) -> float:
    return max(least, min(most, value))


class SimulatedVisca:
    """Camera 1 of its chain."""

    def __init__(self, seen: Seen = lambda name, raw: None) -> None:
        self.stand = Stand()
        self._seen = seen
        self._fault = "none"
        self._at: float | None = None
        self._rest = bytearray()
        self._rest_at = 0.0
        self._socket = 2

    def shows(self, result: str) -> None:
        raise ValueError("a camera head measures nothing")

    def fails(self, fault: str) -> None:
        if fault not in ("none", *FAULTS):
            raise ValueError(f"faults are {' '.join(FAULTS)}")
        self._fault = fault

    def pressed(self, now: float) -> list[bytes]:
        raise ValueError("a camera head has no key")

    def is_striking(self, now: float) -> bool:
        return self.stand.is_moving

    def told(self, now: float) -> Told:
        self.tick(now)
        stand = self.stand
        return {
            "pan": round(stand.pan),
            "tilt": round(stand.tilt),
            "zoom": round(stand.zoom),
            "focus": round(stand.focus),
            "is_moving": stand.is_moving,
        }

    def tick(self, now: float) -> list[bytes]:
        if self._at is not None:
            self.stand.pass_time(now - self._at)
        self._at = now
        if self._rest and now - self._rest_at > REST_OF_COMMAND_S:
            self._rest.clear()
        return []

    def heard(self, data: bytes, now: float) -> list[bytes]:
        self.tick(now)
        self._rest_at = now
        answers: list[bytes] = []
        for byte in data:
            if not self._rest and not byte & 0x80:
                continue
            self._rest.append(byte)
            if byte == 0xFF:
                packet, self._rest = bytes(self._rest), bytearray()
                answers += self._obeyed(packet)
            elif len(self._rest) >= 16:
                self._rest.clear()
                answers.append(b"\x90\x60\x01\xff")
        return answers if self._fault != "deaf" else []

    def _obeyed(self, packet: bytes) -> list[bytes]:
        if packet[0] not in (0x81, 0x88):
            return []  # of another camera of the chain
        said = packet[1:-1]
        name = self._name_of(said)
        self._seen(name, packet)
        if name == "clear":
            return [b"\x90\x50\xff" if packet[0] == 0x81 else packet]
        if name == "version":
            return [b"\x90\x50" + VERSION + b"\xff"]
        if name == "position":
            return [b"\x90\x50" + _nibbles(round(self.stand.zoom)) + b"\xff"]
        if name == "unknown":
            return [b"\x90\x60\x02\xff"]
        if self._fault == "refuse" or (name == "focus" and self.stand.is_focus_automatic):
            return [b"\x90\x61\x41\xff"]
        self._carry_out(name, said)
        self._socket = 3 - self._socket
        return [bytes([0x90, kind | self._socket, 0xFF]) for kind in (0x40, 0x50)]

    def _name_of(self, said: bytes) -> str:
        if said == b"\x01\x00\x01":
            return "clear"
        if said == b"\x09\x00\x02":
            return "version"
        if said == b"\x09\x04\x47":
            return "position"
        if said[:3] == b"\x01\x04\x07" and len(said) == 4:
            return "zoom"
        if said == b"\x01\x04\x08\x00":
            return "focus-stop"
        if said[:3] == b"\x01\x04\x08" and len(said) == 4:
            return "focus"
        if said[:3] == b"\x01\x04\x38" and len(said) == 4:
            return "focus-mode"
        if said[:3] == b"\x01\x06\x01" and len(said) == 7:
            return "turn"
        return "unknown"

    def _carry_out(self, name: str, said: bytes) -> None:
        stand = self.stand
        if name == "zoom":
            stand.zoom_way = {0: 0, 2: 1, 3: -1}.get(said[3], 0)
        elif name in ("focus", "focus-stop"):
            stand.focus_way = {0: 0, 2: -1, 3: 1}.get(said[3], 0)
        elif name == "focus-mode":
            stand.is_focus_automatic = said[3] == 2
        elif name == "turn":
            stand.pan_way = {1: -1, 2: 1, 3: 0}.get(said[5], 0)
            stand.tilt_way = {1: 1, 2: -1, 3: 0}.get(said[6], 0)


def _nibbles(value: int) -> bytes:
    return bytes(value >> shift & 0x0F for shift in (12, 8, 4, 0))


EMULATOR = Emulator(
    make=lambda _, seen: SimulatedVisca(seen), result="", result_form="nothing", faults=FAULTS
)
