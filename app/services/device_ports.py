"""Which instrument speaks on which port of this desk: chosen, confirmed, tried, forgotten.

A person decides; nothing is bound by itself, and nothing that nobody chose is spoken to.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from app.domain.clock import Clock
from app.domain.device import DeviceKind
from app.domain.device_binding import Answer, InstrumentsState, PortQuestion
from app.domain.failures import Code, Failure
from app.runtime.broadcast import Broadcast
from app.services.devices import Devices
from app.services.ports import Cuff

ATTEMPTS_MOST = 32


class Instruments(Protocol):
    """The serial instruments of this machine; each act has a limit of its own."""

    @property
    def slots(self) -> Mapping[DeviceKind, Cuff]:
        """One for each kind that may be chosen; what stands in it comes and goes."""
        ...

    @property
    def state(self) -> Broadcast[InstrumentsState]: ...
    async def bind(self, path: str, driver: str) -> None: ...
    async def confirm(self, question: PortQuestion) -> None: ...
    async def decline(self, question: PortQuestion) -> None: ...
    async def forget(self, kind: DeviceKind) -> None: ...
    async def try_port(self, path: str, driver: str) -> Answer:
        """A handshake; nothing is started, nothing is inflated."""
        ...

    async def try_instrument(self, kind: DeviceKind) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last handshake with a port (by its path) or an instrument (by its kind)."""

    target: str
    at: datetime
    answer: Answer | None = None  # None: under way, or `code` says why there was none
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class DevicePortsState:
    instruments: InstrumentsState
    attempts: tuple[Attempt, ...] = ()
    is_busy: bool = False  # a wish is being carried out; another one waits for its end
    code: Code | None = None  # why the last wish was not

    def attempt_with(self, target: str) -> Attempt | None:
        return next((one for one in self.attempts if one.target == target), None)


class DevicePorts:
    """Also tells the device list what is known of these instruments."""

    def __init__(self, instruments: Instruments, devices: Devices, clock: Clock) -> None:
        self._instruments = instruments
        self._devices = devices
        self._clock = clock
        self._listed: frozenset[DeviceKind] = frozenset()
        self.state: Broadcast[DevicePortsState] = Broadcast(
            DevicePortsState(instruments.state.value)
        )
        self._stop_listening: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._stop_listening = self._instruments.state.listen(self._told)

    async def close(self) -> None:
        self._stop_listening()

    async def bind(self, path: str, driver: str) -> None:
        await self._wish(self._instruments.bind(path, driver))

    async def confirm(self, question: PortQuestion) -> None:
        await self._wish(self._instruments.confirm(question))

    async def decline(self, question: PortQuestion) -> None:
        await self._wish(self._instruments.decline(question))

    async def forget(self, kind: DeviceKind) -> None:
        await self._wish(self._instruments.forget(kind))
        self._tell(attempts=self._attempts_without(str(kind)))

    async def try_port(self, path: str, driver: str) -> None:
        await self._try(path, self._instruments.try_port(path, driver))

    async def try_instrument(self, kind: DeviceKind) -> None:
        await self._try(str(kind), self._instruments.try_instrument(kind))

    async def _wish(self, wish: Awaitable[None]) -> None:
        self._tell(code=None, is_busy=True)
        try:
            await wish
        except Failure as failure:
            self._tell(code=failure.code)
        finally:
            self._tell(is_busy=False)

    async def _try(self, target: str, trying: Awaitable[Answer]) -> None:
        self._note(Attempt(target, self._clock.now()))
        self._tell(code=None, is_busy=True)
        try:
            answer = await trying
        except Failure as failure:
            self._note(Attempt(target, self._clock.now(), code=failure.code))
        else:
            self._note(Attempt(target, self._clock.now(), answer))
        finally:
            self._tell(is_busy=False)

    def _note(self, attempt: Attempt) -> None:
        others = self._attempts_without(attempt.target)
        self._tell(attempts=(attempt, *others)[:ATTEMPTS_MOST])

    def _attempts_without(self, target: str) -> tuple[Attempt, ...]:
        return tuple(one for one in self.state.value.attempts if one.target != target)

    def _told(self, instruments: InstrumentsState) -> None:
        present = frozenset(status.identity.kind for status in instruments.devices)
        self._devices.seen(instruments.devices)
        self._devices.forgotten(self._listed - present)
        self._listed = present
        self._tell(instruments=instruments)

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields
