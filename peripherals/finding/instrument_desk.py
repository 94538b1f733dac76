"""The serial instruments of this machine: chosen by a person, found again, tried, forgotten.

Owns the watch over the ports, the file of bindings and one slot for each kind. A port that nobody
chose is never opened: what is behind it may be anything.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from app.domain.clock import Clock
from app.domain.device import DeviceKind
from app.domain.device_binding import (
    Answer,
    Binding,
    InstrumentsState,
    KnownModel,
    NamedInstrument,
    PortQuestion,
    SeenPort,
    Tried,
    assign,
    bound,
    forgotten,
)
from app.domain.failures import Code, Rejected, Unavailable
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from peripherals.byte_port import MakePort
from peripherals.drivers.driver import Driver
from peripherals.finding.binding_file import BindingFile
from peripherals.finding.handshake import LIMIT_S, answer_to, shake_hands
from peripherals.finding.instrument_slot import InstrumentSlot, Monitor, Place
from peripherals.finding.port_list import all_ports
from peripherals.finding.port_watch import LOOK_EVERY_S, ListPorts, PortWatch
from peripherals.monitor import InstrumentMonitor
from peripherals.port_names import is_there, port_named
from peripherals.recording import Recorder

log = logging.getLogger(__name__)

FILE_NAME = "devices.json"
FIRST_LOOK_LIMIT_S = 0.5  # the window waits for it
FILE_LIMIT_S = 5.0
KINDS = (
    DeviceKind.BLOOD_PRESSURE_CUFF,
    DeviceKind.OXIMETER,
    DeviceKind.THERMOMETER,
    DeviceKind.SCALE,
    DeviceKind.GLUCOMETER,
)
WITHOUT_PORT = {"ble_bp", "ble_bp_bm85"}  # reached by a Bluetooth address, on the command line


class NamedPlace(Place):
    """A port of the command line: there when the system has it, under the name that was given."""

    def __init__(self, path: str) -> None:
        super().__init__(path, path)

    def is_there(self, _: str) -> bool:
        return is_there(self.last_path)


class InstrumentDesk:
    """For `async with`. Fulfils services' Instruments; each slot fulfils ports.Cuff."""

    def __init__(
        self,
        folder: Path,
        drivers: dict[str, Driver],
        clock: Clock,
        *,
        named: Sequence[NamedInstrument] = (),
        list_ports: ListPorts = all_ports,
        look_every_s: float = LOOK_EVERY_S,
        make_port: MakePort = port_named,
        traces: Path | None = None,
        on_defect: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._drivers = drivers
        self._clock = clock
        self._named = {one.kind: one for one in named}
        self._file = BindingFile(folder / FILE_NAME)
        self._make_port = make_port
        self._traces = traces
        self._on_defect = on_defect
        self._tasks = TaskOwner("instruments", on_defect)
        self._watch = PortWatch(list_ports, self._ports_seen, look_every_s=look_every_s)
        self._one_at_a_time = asyncio.Lock()
        self._ports: tuple[SeenPort, ...] = ()
        self._bindings: tuple[Binding, ...] = ()
        self._declined: frozenset[PortQuestion] = frozenset()
        self._places: dict[DeviceKind, Place] = {}
        self._slots = {
            kind: InstrumentSlot(kind, clock, self._monitor, on_defect=on_defect) for kind in KINDS
        }
        self.state: Broadcast[InstrumentsState] = Broadcast(
            InstrumentsState(models=models_of(drivers.values()))
        )

    async def __aenter__(self) -> Self:
        """Rejected(DRIVER_UNKNOWN) when the command line names a driver that is none of ours."""
        unknown = [one.driver for one in self._named.values() if one.driver not in self._drivers]
        if unknown:
            raise Rejected(Code.DRIVER_UNKNOWN, unknown[0])
        try:
            async with asyncio.timeout(FILE_LIMIT_S):
                self._bindings = await asyncio.to_thread(self._file.load)
        except (Unavailable, TimeoutError):
            self._tell(code=Code.BINDINGS_UNREADABLE)
        for slot in self._slots.values():
            slot.status.listen(lambda _: self._tell_devices())
        for named in self._named.values():
            await self._hold(named.kind, named.driver, NamedPlace(named.path))
        for binding in self._bindings:
            await self._hold_bound(binding)
        self._tasks.start_lasting(self._watch.run, "watch the ports")
        await self._watch.first_look(FIRST_LOOK_LIMIT_S)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._tasks.close()
        for slot in self._slots.values():
            await slot.close()

    @property
    def slots(self) -> dict[DeviceKind, InstrumentSlot]:
        """One for each kind, for as long as this desk lives; what stands there comes and goes."""
        return dict(self._slots)

    def slot(self, kind: DeviceKind) -> InstrumentSlot:
        return self._slots[kind]

    # --- what a person does ----------------------------------------------------------------------

    async def bind(self, path: str, driver: str) -> None:
        """The model `driver` is behind this free port, from now on and after the next start."""
        async with self._one_at_a_time:
            port, made = self._free(path), self._driver(driver)
            await self._bind(Binding(made.kind, driver, port.identity, port.path))

    async def confirm(self, question: PortQuestion) -> None:
        """Yes: this is the instrument that was elsewhere."""
        async with self._one_at_a_time:
            if question not in self.state.value.questions:
                raise Unavailable(Code.DEVICE_MISSING)  # pulled while somebody thought about it
            port = question.port
            await self._bind(replace(question.binding, identity=port.identity, path=port.path))

    async def decline(self, question: PortQuestion) -> None:
        """No: it is another one. Asked again only when it was pulled and comes back."""
        self._declined |= {question}
        self._assign()

    async def forget(self, kind: DeviceKind) -> None:
        """The instrument is no longer looked for; its port is free again."""
        async with self._one_at_a_time:
            self._bindings = forgotten(self._bindings, kind)
            self._named.pop(kind, None)
            self._places.pop(kind, None)
            await self._slots[kind].let_go()
            self._assign()
            await self._keep()

    async def try_port(self, path: str, driver: str) -> Answer:
        """A handshake on a free port; what the device tells meanwhile goes to its slot."""
        async with self._one_at_a_time:
            port, made = self._free(path), self._driver(driver)
            tried = await shake_hands(made, self._make_port, port.path, self._clock)
            self._hand_on(made.kind, tried)
            return tried.answer

    async def try_instrument(self, kind: DeviceKind) -> Answer:
        """Its monitor greets it on every opening: wait for that, or say why it does not come."""
        slot = self._slots[kind]
        if await slot.until_found(LIMIT_S):
            return Answer.ANSWERED if slot.has_heard else Answer.LISTENING
        status = slot.status.value
        return answer_to(None if status is None else status.reason)

    # --- inside ----------------------------------------------------------------------------------

    def _hand_on(self, kind: DeviceKind, tried: Tried) -> None:
        for measured in tried.told:
            self._slots[kind].tell(measured)

    async def _bind(self, binding: Binding) -> None:
        earlier = {one.kind for one in self._bindings}
        self._bindings = bound(self._bindings, binding)
        self._named.pop(binding.kind, None)
        for kind in earlier - {one.kind for one in self._bindings}:
            self._places.pop(kind, None)
            await self._slots[kind].let_go()
        await self._hold_bound(binding)
        self._assign()
        await self._keep()

    async def _hold_bound(self, binding: Binding) -> None:
        if binding.kind in self._named or binding.kind not in self._slots:
            return
        held, place = self._slots[binding.kind].driver, self._places.get(binding.kind)
        is_away = place is not None and place.path is None
        if is_away and held is not None and held.name == binding.driver:
            return  # the same instrument, looked for at another place from now on
        if binding.driver not in self._drivers:
            log.warning("a bound instrument has no driver here: %s", binding.kind)
            self._tell(code=Code.DRIVER_UNKNOWN)
            return
        await self._hold(binding.kind, binding.driver, Place(None, binding.path))

    async def _hold(self, kind: DeviceKind, driver: str, place: Place) -> None:
        if kind not in self._slots or self._drivers[driver].kind is not kind:
            raise Rejected(Code.DRIVER_UNKNOWN, driver)
        self._places[kind] = place
        await self._slots[kind].hold(self._drivers[driver], place)

    def _monitor(self, driver: Driver, place: Place) -> Monitor:
        traces = self._traces
        return InstrumentMonitor(
            place.last_path,
            driver,
            clock=self._clock,
            make_port=lambda _, line: self._make_port(place.path or place.last_path, line),
            is_port_there=place.is_there,
            recorder=None if traces is None else Recorder(traces, driver, self._clock),
            on_defect=self._on_defect,
        )

    async def _keep(self) -> None:
        try:
            async with asyncio.timeout(FILE_LIMIT_S):
                await asyncio.to_thread(self._file.save, self._bindings)
        except (Unavailable, TimeoutError) as failed:
            self._tell(code=Code.BINDINGS_NOT_KEPT)
            raise Unavailable(Code.BINDINGS_NOT_KEPT) from failed
        self._tell(code=None)

    def _free(self, path: str) -> SeenPort:
        port = next((one for one in self.state.value.free if one.path == path), None)
        if port is not None:
            return port
        is_taken = any(one.path == path for one in self._ports)
        raise Unavailable(Code.PORT_TAKEN if is_taken else Code.DEVICE_MISSING)

    def _driver(self, name: str) -> Driver:
        if name not in self._drivers or self._drivers[name].kind not in self._slots:
            raise Rejected(Code.DRIVER_UNKNOWN, name)
        return self._drivers[name]

    def _ports_seen(self, ports: tuple[SeenPort, ...]) -> None:
        gone = set(self._ports) - set(ports)
        self._declined = frozenset(one for one in self._declined if one.port not in gone)
        self._ports = ports
        self._assign()

    def _assign(self) -> None:
        named = {os.path.realpath(one.path) for one in self._named.values()}
        ports = [port for port in self._ports if os.path.realpath(port.path) not in named]
        found = assign(
            [one for one in self._bindings if one.kind not in self._named], ports, self._declined
        )
        for binding in self._bindings:
            place = self._places.get(binding.kind)
            if place is None or binding.kind in self._named:
                continue
            port = found.port_of(binding.kind)
            path = None if port is None else port.path
            if path != place.path:
                place.moves_to(path)
                self._slots[binding.kind].moved()
        self._tell(free=found.free, questions=found.questions)

    def _tell_devices(self) -> None:
        statuses = (slot.status.value for slot in self._slots.values())
        self._tell(devices=tuple(status for status in statuses if status is not None))

    def _tell(self, **fields: object) -> None:
        can_forget = tuple(one.kind for one in self._bindings if one.kind not in self._named)
        state = replace(self.state.value, can_forget=can_forget, **fields)  # type: ignore[arg-type]  # own fields
        self.state.tell(state)


def models_of(drivers: Iterable[Driver]) -> tuple[KnownModel, ...]:
    """What a person chooses from for a port: by kind, then by name."""
    serial = [one for one in drivers if one.kind in KINDS and one.name not in WITHOUT_PORT]
    serial.sort(key=lambda driver: (KINDS.index(driver.kind), driver.model.casefold()))
    return tuple(
        KnownModel(driver.name, driver.kind, driver.model, driver.evidence, str(driver.line))
        for driver in serial
    )
