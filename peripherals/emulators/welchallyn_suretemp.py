"""A simulated SureTemp Plus module: commands and time in, replies out; no I/O.

Written from the published facts and sharing no code with the driver. How fast a probe warms up is
invented. `press` takes the probe out of its well; the result comes at the end of a cycle and stays
until the next `press`.
"""

import math
import struct

from peripherals.emulators.simulated import Emulator, Seen, Told

REFUSE, ERROR, OLD_RESULT = "refuse", "error", "old-result"
ROOM_K = 296.15
ZERO_C_K = 273.15
OLD_RESULT_K = 310.9
HEADER_BYTES = 8
DATA_MOST = 64


def reply(command_class: bytes, kind: int, data: bytes) -> bytes:
    frame = b"\x03\x02\x10" + command_class + bytes([kind]) + struct.pack("<H", len(data)) + data
    return frame + bytes([(256 - sum(frame) % 256) % 256])


class SimulatedSureTemp:
    def __init__(self, celsius: float, cycle_s: float, seen: Seen) -> None:
        self.celsius = celsius
        self._cycle_s = cycle_s
        self._seen = seen
        self._rest = b""
        self._taken_out = -1.0
        self._error = 0
        self._refuses = False
        self._has_old_result = False

    def shows(self, result: str) -> None:
        celsius = float(result)
        if not 0 <= celsius <= 60:
            raise ValueError("a temperature is 0 to 60 degrees Celsius")
        self.celsius = celsius

    def fails(self, fault: str) -> None:
        name, _, number = fault.partition(":")
        error = int(number) if name == ERROR else 0
        if not 0 <= error <= 0xFFFF:
            raise ValueError("an error is 0 to 65535")
        self._error = error
        self._refuses = name == REFUSE
        self._has_old_result = name == OLD_RESULT

    def pressed(self, now: float) -> list[bytes]:
        self._taken_out = now
        return []

    def heard(self, data: bytes, now: float) -> list[bytes]:
        self._rest += data
        answers: list[bytes] = []
        while (begin := self._rest.find(b"\x03\x02\x10")) >= 0:
            self._rest = self._rest[begin:]
            if len(self._rest) < HEADER_BYTES:
                break
            length = HEADER_BYTES + self._rest[6] + 1
            if self._rest[6] > DATA_MOST:
                self._rest = self._rest[1:]
                continue
            if len(self._rest) < length:
                break
            command, self._rest = self._rest[:length], self._rest[length:]
            answers += self._obeyed(command, now)
        self._rest = self._rest[-80:]
        return answers

    def tick(self, now: float) -> list[bytes]:
        return []

    def is_striking(self, now: float) -> bool:
        return self._is_measuring(now) and now - self._taken_out >= self._cycle_s / 4

    def told(self, now: float) -> Told:
        return {"is_measuring": self._is_measuring(now), "celsius": self.celsius}

    def _is_measuring(self, now: float) -> bool:
        return self._taken_out >= 0 and now - self._taken_out < self._cycle_s

    def _obeyed(self, command: bytes, now: float) -> list[bytes]:
        if sum(command) % 256:
            return []
        command_class = command[3:5]
        is_record = command_class == b"\x94\x1c"
        self._seen("record" if is_record else command_class.hex(), command)
        if self._refuses:
            return [reply(command_class, 3, b"")]
        return [reply(command_class, 2, self._record(now) if is_record else b"")]

    def _record(self, now: float) -> bytes:
        passed = now - self._taken_out if self._taken_out >= 0 else 0.0
        warm = 1 - math.exp(-4 * passed / self._cycle_s)
        target = self.celsius + ZERO_C_K
        probe = ROOM_K + (target - ROOM_K) * warm if self._taken_out >= 0 else ROOM_K
        has_result = self._taken_out >= 0 and not self._is_measuring(now)
        final = target if has_result else 0.0
        if self._has_old_result and self._taken_out < 0:
            final = OLD_RESULT_K
        data = struct.pack("<ff", final, probe) + bytes([min(255, int(passed * 10)), 0, 0, 0, 0, 0])
        data += b"\x02" + struct.pack("<H", self._error)
        return data + bytes([self._is_measuring(now), 0])


RESULT = "36.8"
EMULATOR = Emulator(
    lambda cycle_s, seen: SimulatedSureTemp(float(RESULT), cycle_s, seen),
    RESULT,
    "CELSIUS",
    (f"{ERROR}:N", OLD_RESULT, REFUSE),
    b"\x03\x02\x10",
)
