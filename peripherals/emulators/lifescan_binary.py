"""A simulated LifeScan meter: packets and time in, packets out; no I/O.

Written from the published facts and sharing no code with the driver. `press` is a drop of blood:
the reading goes into the memory, from which the host fetches it. Its clock begins at a fixed day.
"""

from peripherals.emulators.simulated import Emulator, Seen, Told

REFUSE, EMPTY, CLOCK_UNSET = "refuse", "empty", "clock-unset"
SERIAL_NUMBER = b"C176SA014"
VERSION = b"P02.00.0025/05/07"
CLOCK_BEGINS = 1_795_000_000  # November 2026
HOUR_S = 3600
ACK, BYE = 0x04, 0x08


def crc(data: bytes) -> int:
    """Bit by bit: polynomial 1021, from FFFF."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


def packet(link: int, message: bytes) -> bytes:
    head = bytes([2, len(message) + 6, link]) + message + b"\x03"
    return head + crc(head).to_bytes(2, "little")


class SimulatedLifeScan:
    def __init__(self, mg_per_dl: int, seen: Seen) -> None:
        self.mg_per_dl = mg_per_dl
        self.fault = "none"
        self.memory: list[tuple[int, int]] = []
        self._seen = seen
        self._rest = b""
        self._sends = self._expects = 0
        self._last_answer = b""
        self.pressed(0.0)
        self.pressed(0.0)

    def shows(self, result: str) -> None:
        mg_per_dl = int(result)
        if not 0 <= mg_per_dl <= 9999:
            raise ValueError("a glucose is 0 to 9999 mg/dL")
        self.mg_per_dl = mg_per_dl

    def fails(self, fault: str) -> None:
        self.fault = fault

    def pressed(self, now: float) -> list[bytes]:
        self.memory.insert(0, (CLOCK_BEGINS + HOUR_S * len(self.memory), self.mg_per_dl))
        return []

    def heard(self, data: bytes, now: float) -> list[bytes]:
        self._rest += data
        answers: list[bytes] = []
        while (begin := self._rest.find(b"\x02")) >= 0:
            self._rest = self._rest[begin:]
            if len(self._rest) < 2:
                break
            length = self._rest[1]
            if not 6 <= length <= 64:
                self._rest = self._rest[1:]
                continue
            if len(self._rest) < length:
                break
            whole = self._rest[:length]
            if crc(whole[:-2]) != int.from_bytes(whole[-2:], "little"):
                self._rest = self._rest[1:]
                continue
            self._rest = self._rest[length:]
            answers += self._obeyed(whole)
        return answers

    def tick(self, now: float) -> list[bytes]:
        return []

    def is_striking(self, now: float) -> bool:
        return bool(self._last_answer)

    def told(self, now: float) -> Told:
        return {"records": len(self._records()), "mg_per_dl": self.mg_per_dl}

    def _records(self) -> list[tuple[int, int]]:
        return [] if self.fault == EMPTY else self.memory

    def _obeyed(self, whole: bytes) -> list[bytes]:
        link, message = whole[2], whole[3:-3]
        if link & BYE:
            self._seen("disconnect", whole)
            self._sends = self._expects = 0
            return [packet(ACK | BYE, b"")]
        if link & ACK or not message:
            return []
        acknowledged = ACK | self._sends
        if link & 1 != self._expects:  # said again: so is the answer
            return [packet(acknowledged | self._expects << 1, b""), self._last_answer]
        self._expects ^= 1
        answer = packet(self._sends | self._expects << 1, self._answer(message, whole))
        acknowledge = packet(acknowledged | self._expects << 1, b"")
        self._sends ^= 1
        self._last_answer = answer
        return [acknowledge, answer]

    def _answer(self, message: bytes, whole: bytes) -> bytes:
        good = b"\x05\x06"
        if self.fault == REFUSE:
            self._seen("refused", whole)
            return b"\x05\x09"
        if message == b"\x05\x0d\x02":
            self._seen("version", whole)
            return good + bytes([len(VERSION)]) + VERSION
        if message[:3] == b"\x05\x0b\x02":
            self._seen("serial-number", whole)
            return good + SERIAL_NUMBER
        if message[:2] == b"\x05\x1f" and len(message) == 4:
            return self._record(int.from_bytes(message[2:], "little"), whole)
        self._seen("unrecognised", whole)
        return b"\x05\x09"

    def _record(self, number: int, whole: bytes) -> bytes:
        records = self._records()
        if number >= len(records):
            self._seen("count", whole)
            return b"\x05\x0f" + len(records).to_bytes(2, "little")
        self._seen(f"record-{number}", whole)
        at, value = records[number]
        at = number * HOUR_S if self.fault == CLOCK_UNSET else at
        return b"\x05\x06" + at.to_bytes(4, "little") + value.to_bytes(4, "little")


RESULT = "105"
EMULATOR = Emulator(
    lambda _, seen: SimulatedLifeScan(int(RESULT), seen),
    RESULT,
    "MG_PER_DL of the next drop of blood",
    (EMPTY, CLOCK_UNSET, REFUSE),
    b"\x02\x10",
)
