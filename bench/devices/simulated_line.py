"""A driver and its emulator on one line in simulated time, turn by turn as the monitor does it."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.domain.ids import VisitId
from app.domain.measurement import LiveValue, Measurement, NoMeasurement
from peripherals.drivers.driver import Driver
from peripherals.drivers.said import Said, Send
from peripherals.emulators.all_emulators import EMULATORS
from peripherals.emulators.wire_faults import WireFault, shaped
from peripherals.moment import Moment

TURN_S = 0.05
QUIET_S = 0.1  # as in peripherals/monitor.py: then a begun frame will not be finished
LATENCY_S = 0.002


class SimulatedLine:
    """`noise_bytes_per_s` may be set at any time: so many random bytes come besides."""

    def __init__(
        self,
        driver: Driver,
        cycle_s: float = 4.0,
        turn_s: float = TURN_S,
        seed: int = 1,
    ) -> None:
        self.driver = driver
        self.emulator = EMULATORS[driver.name]
        self.seen: list[str] = []
        self.device = self.emulator.make(cycle_s, lambda name, _: self.seen.append(name))
        self.codec = driver.codec()
        self.conversation = driver.conversation(driver.identity("/dev/simulated"))
        self.wire = WireFault.NONE
        self.noise_bytes_per_s = 0.0
        self.is_device_on = True
        self.seconds = 100.0
        # Some simulated devices have a clock that goes right; time runs faster here than theirs.
        self._began = datetime.now(UTC) - timedelta(seconds=self.seconds)
        self.said: list[Said] = []
        self.turn_s = turn_s
        self._random = random.Random(seed)
        self._owed = 0.0
        self._quiet_s = 0.0
        self._waiting: list[tuple[float, bytes]] = []
        self._is_open = False

    @property
    def at(self) -> Moment:
        return Moment(self._began + timedelta(seconds=self.seconds), self.seconds)

    # --- what people do ------------------------------------------------------------------------

    def start(self, visit: VisitId) -> None:
        self._take(self.conversation.start(visit, self.at))

    def stop(self) -> None:
        self._take(self.conversation.stop(self.at))

    def press(self) -> None:
        self._answer(self.device.pressed(self.seconds))

    def hear(self, data: bytes) -> list[Said]:
        """Bytes from anywhere, as one piece."""
        before = len(self.said)
        for frame in self.codec.feed(data):
            self._take(self.conversation.heard(frame, self.at))
        return self.said[before:]

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Time goes on, so long or until it is so; whether it became so."""
        if not self._is_open:
            self._is_open = True
            self._take(self.conversation.opened(self.at))
        end = self.seconds + seconds
        while not until():
            if self.seconds >= end:
                return False
            self._turn()
        return True

    # --- what came of it -----------------------------------------------------------------------

    @property
    def measurements(self) -> list[Measurement]:
        return [thing for thing in self.said if isinstance(thing, Measurement)]

    @property
    def reasons(self) -> list[NoMeasurement]:
        return [thing for thing in self.said if isinstance(thing, NoMeasurement)]

    @property
    def live_values(self) -> list[LiveValue]:
        return [thing for thing in self.said if isinstance(thing, LiveValue)]

    # --- one turn ------------------------------------------------------------------------------

    def _turn(self) -> None:
        self.seconds += self.turn_s
        if self.is_device_on:
            self._answer(self.device.tick(self.seconds))
        due = [data for at, data in self._waiting if at <= self.seconds]
        self._waiting = [item for item in self._waiting if item[0] > self.seconds]
        self._hear_what_came(self._noise() + b"".join(due))
        self._take(self.conversation.tick(self.at))

    def _hear_what_came(self, data: bytes) -> None:
        self._quiet_s = 0.0 if data else self._quiet_s + self.turn_s
        found = self.codec.feed(data) if data else ()
        if self._quiet_s >= QUIET_S:
            found = self.codec.idle()
        for frame in found:
            self._take(self.conversation.heard(frame, self.at))

    def _noise(self) -> bytes:
        self._owed += self.noise_bytes_per_s * self.turn_s
        count = int(self._owed)
        self._owed -= count
        return self._random.randbytes(count)

    def _answer(self, answers: list[bytes]) -> None:
        for answer in answers:
            begin = max([self.seconds, *(at for at, _ in self._waiting)])
            pieces = shaped(
                answer,
                self.wire,
                self._random,
                self.emulator.false_sync,
                self.emulator.split_gap_s,
            )
            self._waiting += [(begin + delay, piece) for delay, piece in pieces]

    def _take(self, said: list[Said]) -> None:
        for thing in said:
            if isinstance(thing, Send) and self.is_device_on:
                self._answer(self.device.heard(thing.data, self.seconds + LATENCY_S))
        self.said += said
