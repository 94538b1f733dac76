"""A simulated Nonin oximeter: data formats 2, 7, 8 and 13; commands and time in, bytes out; no I/O.

Written from the published facts and sharing no code with the driver. The pulse wave is invented. A
packet is given as a whole, as a radio link gives it. After the finger is gone the last numbers come
again with the alarm for 10 s, then none.
"""

import math
from dataclasses import dataclass

from peripherals.emulators.simulated import Emulator, Seen, Told

REFUSE, NO_FINGER, LOST_BEAT, ARTEFACT = "refuse", "no-finger", "lost-beat", "artefact"
LOW_BATTERY, MEMORY, CLOCK_UNSET = "low-battery", "memory", "clock-unset"
ACK, NAK = b"\x06", b"\x15"
PACKET_S, SECOND_S = 1 / 3, 1.0
REPEATS_S = 10.0
STRIKES_AFTER_S = 4.0  # it was found by then, and is not measured yet
LAGS_S = 2.0  # a program that stood still does not send all that it missed
FORMATS = (2, 7, 8, 13)
CLOCK_BEGINS = (0x26, 0x11, 0x20, 0x14, 0x05, 0x30)


@dataclass(frozen=True, slots=True)
class Shown:
    spo2: int
    pulse: int

    def __post_init__(self) -> None:
        if not 0 <= self.spo2 <= 100:
            raise ValueError("SpO2 is 0 to 100")
        if not 0 <= self.pulse <= 321:
            raise ValueError("a pulse is 0 to 321")


def shown_of(text: str) -> Shown:
    """`97/72`: SpO2 and pulse."""
    spo2, pulse = (int(part) for part in text.split("/"))
    return Shown(spo2, pulse)


class SimulatedNonin:
    """`stream` is the format that it sends from the start; 0: it waits to be told."""

    def __init__(self, shown: Shown, stream: int, knows: int, seen: Seen) -> None:
        self.shown = shown
        self.fault = "none"
        self.format = stream
        self._knows = knows  # the only format that it can be told; 0: it understands nothing
        self._seen = seen
        self._rest = b""
        self._clock = bytes(CLOCK_BEGINS)
        self._began = self._due = -1.0
        self._finger_out_at = -1.0
        self._beat = 0.0

    # --- what people do to it ------------------------------------------------------------------

    def shows(self, result: str) -> None:
        self.shown = shown_of(result)

    def fails(self, fault: str) -> None:
        self.fault = fault
        if fault != NO_FINGER:
            self._finger_out_at = -1.0

    def pressed(self, now: float) -> list[bytes]:
        """With the formats that stream the finger goes in or out; else one reading is taken."""
        if self.format == 13:
            return [self._spot_check()]
        self.fails("none" if self.fault == NO_FINGER else NO_FINGER)
        return []

    # --- its life ------------------------------------------------------------------------------

    def heard(self, data: bytes, now: float) -> list[bytes]:
        self._rest += data
        answers: list[bytes] = []
        while self._knows and (begin := self._rest.find(b"\x02")) >= 0:
            self._rest = self._rest[begin:]
            if len(self._rest) < 3 or len(self._rest) < self._rest[2] + 4:
                break
            length = self._rest[2] + 4
            command, self._rest = self._rest[:length], self._rest[length:]
            answers.append(self._obeyed(command))
        self._rest = self._rest[-16:]
        return answers

    def tick(self, now: float) -> list[bytes]:
        if self.format not in (2, 7, 8):
            return []
        step = SECOND_S if self.format == 8 else PACKET_S
        if self._began < 0 or now - self._due > LAGS_S:
            self._began = self._due = now
        if self.fault == NO_FINGER and self._finger_out_at < 0:
            self._finger_out_at = now
        sent: list[bytes] = []
        while self._due <= now:
            sent.append(self._second(now) if self.format == 8 else self._packet(now))
            self._due += step
        return sent

    def is_striking(self, now: float) -> bool:
        return self._began >= 0 and now - self._began >= STRIKES_AFTER_S

    def told(self, now: float) -> Told:
        return {
            "format": self.format,
            "has_finger": self.fault != NO_FINGER,
            "spo2": self.shown.spo2,
            "pulse": self.shown.pulse,
        }

    # --- its bytes -----------------------------------------------------------------------------

    def _obeyed(self, command: bytes) -> bytes:
        body = command[3:-1]
        if command[1] == 0x70 and len(body) == 2:
            self._seen(f"format-{body[1]}", command)
            if self.fault == REFUSE or body[1] != self._knows:
                return NAK
            self.format = body[1]
            return ACK
        if command[1] == 0x72 and len(body) == 6:
            self._seen("set-time", command)
            self._clock = bytes(n // 10 * 16 + n % 10 for n in body)
            return NAK if self.fault == REFUSE else ACK
        self._seen("unrecognised", command)
        return NAK

    def _numbers(self, now: float) -> tuple[int, int]:
        """SpO2 and pulse as they are sent now; 127 and 511 when there is none."""
        is_over = self._finger_out_at >= 0 and now - self._finger_out_at > REPEATS_S
        return (127, 511) if is_over else (self.shown.spo2, self.shown.pulse)

    def _packet(self, now: float) -> bytes:
        spo2, pulse = self._numbers(now)
        high, low = pulse // 128, pulse % 128
        parts = bytearray(25)
        for place in (0, 13, 19, 21):
            parts[place], parts[place + 1] = high, low
        for place in (2, 8, 9, 10, 15, 16):
            parts[place] = spo2
        parts[3] = 0x30
        parts[7] = 1 if self.fault == LOW_BATTERY else 0
        status = 0x80
        status |= 0x08 if self.fault == NO_FINGER else 0
        status |= 0x10 if self.fault == LOST_BEAT else 0
        status |= 0x20 if self.fault == ARTEFACT else 0
        sent = b""
        for number, part in enumerate(parts):
            first = status + (1 if number == 0 else 0)
            wave = self._wave()
            pleth = bytes([wave >> 8]) if self.format == 2 else wave.to_bytes(2, "big")
            frame = (b"\x01" if self.format == 2 else b"") + bytes([first]) + pleth + bytes([part])
            sent += frame + bytes([sum(frame) % 256])
        return sent

    def _wave(self) -> int:
        self._beat += max(self.shown.pulse, 1) / 60 / 75
        return round(0x7000 + 0x3000 * math.sin(2 * math.pi * self._beat))

    def _second(self, now: float) -> bytes:
        spo2, pulse = self._numbers(now)
        first = 0x80 + pulse // 128
        first += 0x20 if self.fault == LOST_BEAT else 0
        first += 0x04 if self.fault == ARTEFACT else 0
        second = 0x20
        second += 0x08 if self.fault == NO_FINGER else 0
        second += 0x01 if self.fault == LOW_BATTERY else 0
        return bytes([first, pulse % 128, spo2, second])

    def _spot_check(self) -> bytes:
        is_without = self.fault in (NO_FINGER, LOST_BEAT)
        status = 0x0100 if is_without else 0x0200
        status |= 0x0010 if self.fault == MEMORY else 0
        status |= 0x0001 if self.fault == LOW_BATTERY else 0
        spo2, pulse = (127, 511) if is_without else (self.shown.spo2, self.shown.pulse)
        clock = bytes(6) if self.fault == CLOCK_UNSET else self._clock
        payload = b"\x20" + clock + b"\x00" + status.to_bytes(2, "big")
        payload += pulse.to_bytes(2, "big") + bytes([0, spo2])
        head = b"\x00\x02\x00\x0d" + len(payload).to_bytes(2, "big")
        return head + payload + bytes([sum(payload) % 256, 3])


RESULT, FORM = "97/72", "SPO2/PULSE"
STREAM_FAULTS = (NO_FINGER, LOST_BEAT, ARTEFACT, LOW_BATTERY)


def _emulator(stream: int, knows: int, faults: tuple[str, ...], false_sync: bytes) -> Emulator:
    return Emulator(
        lambda _, seen: SimulatedNonin(shown_of(RESULT), stream, knows, seen),
        RESULT,
        FORM,
        faults,
        false_sync,
        split_gap_s=0.001,
    )


DF2 = _emulator(2, 0, STREAM_FAULTS, b"\x01\x81")
DF2_OF_9560 = _emulator(0, 2, (*STREAM_FAULTS, REFUSE), b"\x01\x81")
DF7 = _emulator(0, 7, (*STREAM_FAULTS, REFUSE), b"\x81")
DF8 = _emulator(0, 8, (*STREAM_FAULTS, REFUSE), b"\x80")
DF13 = _emulator(
    0, 13, (NO_FINGER, LOST_BEAT, LOW_BATTERY, MEMORY, CLOCK_UNSET, REFUSE), b"\x00\x02\x00\x0d"
)
