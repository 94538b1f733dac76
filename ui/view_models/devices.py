"""The device page: what is connected here and at the cart, which instrument is on which port."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from PySide6.QtCore import Signal, SignalInstance

from app.domain.access import Role
from app.domain.clock import Clock
from app.domain.device import DeviceKind, DeviceStatus
from app.domain.device_binding import (
    Answer,
    InstrumentsState,
    KnownModel,
    PortIdentity,
    PortQuestion,
    SeenPort,
)
from app.runtime.tasks import TaskOwner
from app.services.device_ports import Attempt, DevicePorts
from app.services.devices import Devices
from app.services.far_devices import FarDevices
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.device_words import state_words, tone_of_status, why_words

TONE_OF_ANSWER = {Answer.ANSWERED: Tone.GOOD, Answer.LISTENING: Tone.ATTENTION}


@dataclass(frozen=True, slots=True)
class AttemptScreen:
    words: str = ""  # empty: nothing was tried
    tone: Tone = Tone.PLAIN


NOT_TRIED = AttemptScreen()


@dataclass(frozen=True, slots=True)
class DeviceCardScreen:
    """`facts` are port, driver, firmware and evidence, in that order, each a short line."""

    kind: DeviceKind
    name: str
    model: str
    state: str
    tone: Tone
    reason: str
    facts: tuple[str, ...]
    spoken: str
    attempt: AttemptScreen = NOT_TRIED
    can_try: bool = False
    can_forget: bool = False


@dataclass(frozen=True, slots=True)
class PortCardScreen:
    """A port that nobody chose an instrument for; `models` as a person picks from them."""

    path: str
    title: str
    facts: tuple[str, ...]
    models: tuple[str, ...]
    spoken: str
    attempt: AttemptScreen = NOT_TRIED
    can_act: bool = True


@dataclass(frozen=True, slots=True)
class DevicesScreen:
    """`question`: whether an adapter that moved still carries its instrument; empty: none."""

    title: str
    message: str = ""
    message_tone: Tone = Tone.PLAIN
    question: str = ""
    devices: tuple[DeviceCardScreen, ...] = ()
    ports: tuple[PortCardScreen, ...] = ()
    has_far: bool = False
    far_remark: str = ""
    far: tuple[DeviceCardScreen, ...] = ()


class DevicesIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> DevicesScreen: ...
    def back(self) -> None: ...
    def try_device(self, kind: DeviceKind) -> None: ...
    def forget(self, kind: DeviceKind) -> None: ...
    def try_port(self, path: str, place: int) -> None:
        """`place` is that of the chosen model in `models`."""
        ...

    def use(self, path: str, place: int) -> None: ...
    def answer_question(self, is_yes: bool) -> None: ...


class DevicesViewModel(ViewModel[DevicesScreen]):
    """`went_back` asks the window for the page that was there before."""

    went_back = Signal()

    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        *,
        devices: Devices,
        device_ports: DevicePorts,
        far_devices: FarDevices,
        clock: Clock,
        role: Role,
    ) -> None:
        super().__init__(tasks, ticker)
        self._devices = devices
        self._ports = device_ports
        self._far = far_devices
        self._clock = clock
        self._role = role
        self.listen_to(devices.state, device_ports.state, far_devices.state)

    def compose(self) -> DevicesScreen:
        now, state = self._clock.now(), self._ports.state.value
        code = state.code or state.instruments.code
        told_at = self._far.state.value.told_at
        remark = wording.text("devices.far-none")
        if told_at is not None:
            remark = wording.text("devices.far-told", time=wording.moment(told_at, now))
        return DevicesScreen(
            title=wording.text("devices.title"),
            message="" if code is None else wording.failure(code),
            message_tone=Tone.PLAIN if code is None else Tone.BAD,
            question=_question_words(state.instruments),
            devices=tuple(self._card(one, now) for one in self._devices.state.value.devices),
            ports=tuple(self._port_card(port, now) for port in state.instruments.free),
            has_far=self._role is Role.CLINICIAN,
            far_remark=remark,
            far=tuple(card_of(one, now) for one in self._far.state.value.devices),
        )

    def _card(self, status: DeviceStatus, now: datetime) -> DeviceCardScreen:
        state, kind = self._ports.state.value, status.identity.kind
        is_ours = status in state.instruments.devices
        return card_of(
            status,
            now,
            attempt=_attempt_words(state.attempt_with(str(kind)), now),
            can_try=is_ours and not state.is_busy,
            can_forget=kind in state.instruments.can_forget and not state.is_busy,
        )

    def _port_card(self, port: SeenPort, now: datetime) -> PortCardScreen:
        state = self._ports.state.value
        title, facts = _title_of(port), _facts_of_port(port)
        return PortCardScreen(
            path=port.path,
            title=title,
            facts=facts,
            models=tuple(_model_words(model) for model in state.instruments.models),
            spoken=wording.spoken(", ".join((title, *facts))),
            attempt=_attempt_words(state.attempt_with(port.path), now),
            can_act=not state.is_busy,
        )

    # --- intents ---------------------------------------------------------------------------------

    def back(self) -> None:
        self.went_back.emit()

    def try_device(self, kind: DeviceKind) -> None:
        self.act_once(self._ports.try_instrument(kind), "try a device")

    def forget(self, kind: DeviceKind) -> None:
        self.act_once(self._ports.forget(kind), "forget a device")

    def try_port(self, path: str, place: int) -> None:
        model = self._model(place)
        if model is not None:
            self.act_once(self._ports.try_port(path, model.driver), "try a device")

    def use(self, path: str, place: int) -> None:
        model = self._model(place)
        if model is not None:
            self.act_once(self._ports.bind(path, model.driver), "use a device")

    def answer_question(self, is_yes: bool) -> None:
        questions = self._ports.state.value.instruments.questions
        if questions:
            act = self._ports.confirm if is_yes else self._ports.decline
            self.act_once(act(questions[0]), "answer")

    def _model(self, place: int) -> KnownModel | None:
        models = self._ports.state.value.instruments.models
        return models[place] if 0 <= place < len(models) else None


def card_of(
    status: DeviceStatus,
    now: datetime,
    *,
    attempt: AttemptScreen = NOT_TRIED,
    can_try: bool = False,
    can_forget: bool = False,
) -> DeviceCardScreen:
    known = status.identity
    name = wording.text(f"device.{known.kind}")
    model = known.model or known.port
    state, why, facts = state_words(status, now), why_words(status), _facts_of(status)
    said = (name, model, state, why, *facts)
    return DeviceCardScreen(
        kind=known.kind,
        name=name,
        model=model,
        state=state,
        tone=tone_of_status(status),
        reason=why,
        facts=facts,
        spoken=wording.spoken(", ".join(part for part in said if part)),
        attempt=attempt,
        can_try=can_try,
        can_forget=can_forget,
    )


def _facts_of(status: DeviceStatus) -> tuple[str, ...]:
    """Where, by which of our drivers, and how well known it is."""
    known, facts = status.identity, list[str]()
    if known.port and known.port != known.model:
        facts.append(wording.text("devices.port", port=known.port))
    if known.driver_version:
        facts.append(wording.text("devices.driver", version=known.driver_version))
    if status.firmware:
        facts.append(wording.text("devices.firmware", firmware=status.firmware))
    else:
        facts.append(wording.text("devices.no-firmware"))
    if status.evidence is None:
        facts.append(wording.text("devices.no-evidence"))
    else:
        evidence = wording.text(f"evidence.{status.evidence}")
        facts.append(wording.text("devices.evidence", evidence=evidence))
    return tuple(facts)


def _title_of(port: SeenPort) -> str:
    identity = port.identity
    if not identity.is_usb:
        return wording.text("devices.built-in")
    ids = wording.isolate(_ids(identity))
    if port.description:
        return wording.text("devices.adapter", name=port.description, ids=ids)
    return wording.text("devices.adapter-nameless", ids=ids)


def _ids(identity: PortIdentity) -> str:
    return f"{identity.vendor_id or 0:04X}:{identity.product_id or 0:04X}"


def _facts_of_port(port: SeenPort) -> tuple[str, ...]:
    facts = [wording.text("devices.port", port=port.path)]
    if port.identity.own_number:
        facts.append(wording.text("devices.number", number=port.identity.own_number))
    elif port.identity.is_usb:
        facts.append(wording.text("devices.no-number"))
    return tuple(facts)


def _model_words(model: KnownModel) -> str:
    kind = wording.text(f"device.{model.kind}")
    line = wording.isolate(model.line)
    return wording.text("devices.model", kind=kind, model=model.model, line=line)


def _question_words(state: InstrumentsState) -> str:
    """One at a time."""
    if not state.questions:
        return ""
    question: PortQuestion = state.questions[0]
    models = {model.driver: model.model for model in state.models}
    return wording.text(
        "devices.question",
        what=wording.text(f"device.{question.binding.kind}"),
        model=models.get(question.binding.driver, question.binding.driver),
        port=f"{_title_of(question.port)}, {question.port.path}",
    )


def _attempt_words(attempt: Attempt | None, now: datetime) -> AttemptScreen:
    if attempt is None:
        return NOT_TRIED
    if attempt.code is not None:
        return AttemptScreen(wording.failure(attempt.code), Tone.BAD)
    if attempt.answer is None:
        return AttemptScreen(wording.text("devices.trying"))
    time = wording.moment(attempt.at, now)
    words = wording.text(f"answer.{attempt.answer}", time=time)
    return AttemptScreen(words, TONE_OF_ANSWER.get(attempt.answer, Tone.BAD))
