"""The serial instruments of a desk without a serial line: ports appear when a test says so."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from app.domain.clock import Clock
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Evidence, Presence
from app.domain.device_binding import (
    Answer,
    Binding,
    InstrumentsState,
    KnownModel,
    PortIdentity,
    PortQuestion,
    SeenPort,
)
from app.domain.failures import Code, Failure, Unavailable
from app.runtime.broadcast import Broadcast
from app.services.ports import Cuff
from tests.fakes.instrument import FakeInstrument

SUNTECH = KnownModel(
    "suntech",
    DeviceKind.BLOOD_PRESSURE_CUFF,
    "SunTech Advantage family",
    Evidence.OTHER_PROJECT,
    "9600 8N1",
)
OXIMETER = KnownModel("nonin", DeviceKind.OXIMETER, "Nonin", Evidence.VENDOR, "9600 8N1")
CHEAP = PortIdentity(0x1A86, 0x7523, "", "1-2")
PORT = SeenPort("/dev/ttyUSB0", CHEAP, "USB Serial")


class FakeInstruments:
    """Fulfils services' Instruments. `answer` is what the next handshake comes to."""

    def __init__(self, clock: Clock, cuff: Cuff | None = None) -> None:
        self._clock = clock
        self.oximeter = FakeInstrument(DeviceKind.OXIMETER, clock, is_stream=True)
        self.thermometer = FakeInstrument(DeviceKind.THERMOMETER, clock)
        self._slots: dict[DeviceKind, Cuff] = {
            DeviceKind.OXIMETER: self.oximeter,
            DeviceKind.THERMOMETER: self.thermometer,
        }
        if cuff is not None:
            self._slots[DeviceKind.BLOOD_PRESSURE_CUFF] = cuff
        self.state: Broadcast[InstrumentsState] = Broadcast(
            InstrumentsState(models=(SUNTECH, OXIMETER))
        )
        self.answer: Answer = Answer.ANSWERED
        self.refusal: Failure | None = None
        self.wishes: list[tuple[object, ...]] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    @property
    def slots(self) -> Mapping[DeviceKind, Cuff]:
        return self._slots

    # --- what a test does ------------------------------------------------------------------------

    def plug(self, port: SeenPort = PORT) -> None:
        self._tell(free=(*self.state.value.free, port))

    def asks(self, port: SeenPort = PORT) -> PortQuestion:
        binding = Binding(SUNTECH.kind, SUNTECH.driver, replace(port.identity, place="1-9"), "old")
        question = PortQuestion(binding, port)
        self._tell(questions=(question,))
        return question

    # --- what the service asks -------------------------------------------------------------------

    async def bind(self, path: str, driver: str) -> None:
        await self._wished("bind", path, driver)
        free = tuple(port for port in self.state.value.free if port.path != path)
        model = next(one for one in self.state.value.models if one.driver == driver)
        identity = DeviceIdentity(model.kind, model.model, path, driver_version="1")
        now = self._clock.now()
        status = DeviceStatus(identity, Presence.FOUND, now, evidence=model.evidence)
        self._tell(free=free, devices=(status,), can_forget=(model.kind,))

    async def confirm(self, question: PortQuestion) -> None:
        await self._wished("confirm", question)
        self._tell(questions=())

    async def decline(self, question: PortQuestion) -> None:
        await self._wished("decline", question)
        self._tell(questions=())

    async def forget(self, kind: DeviceKind) -> None:
        await self._wished("forget", kind)
        self._tell(devices=(), can_forget=())

    async def try_port(self, path: str, driver: str) -> Answer:
        await self._wished("try port", path, driver)
        return self.answer

    async def try_instrument(self, kind: DeviceKind) -> Answer:
        await self._wished("try instrument", kind)
        return self.answer

    def refuses(self, code: Code) -> None:
        self.refusal = Unavailable(code)

    async def _wished(self, *wish: object) -> None:
        self.wishes.append(wish)
        await self.may_go_on.wait()
        if self.refusal is not None:
            raise self.refusal

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields
