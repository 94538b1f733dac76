"""The device page in words: what is connected, what is on which port, and what a person may do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.domain.access import Role
from app.domain.device import (
    DeviceIdentity,
    DeviceKind,
    DeviceStatus,
    Evidence,
    Impairment,
    Presence,
)
from app.domain.device_binding import Answer, PortIdentity, SeenPort
from app.domain.device_words import words_of
from app.domain.failures import Code
from app.runtime.tasks import TaskOwner
from app.services.device_ports import DevicePorts
from app.services.far_devices import FarDevices
from tests.fakes.instruments import OXIMETER, PORT, SUNTECH, FakeInstruments
from tests.fakes.time_loop import MORNING, settled, until
from tests.unit.view_models.given import Screens
from ui import wording
from ui.tone import Tone
from ui.view_models.devices import DevicesScreen, DevicesViewModel
from ui.view_models.window import Page

CUFF = DeviceKind.BLOOD_PRESSURE_CUFF


@dataclass
class DevicePage:
    model: DevicesViewModel
    instruments: FakeInstruments
    far: FarDevices

    @property
    def screen(self) -> DevicesScreen:
        return self.model.screen


@contextmanager
def page_of(screens: Screens, tasks: TaskOwner, role: Role) -> Iterator[DevicePage]:
    desk = screens.desk
    instruments = FakeInstruments(desk.clock)
    ports = DevicePorts(instruments, screens.devices, desk.clock)
    far = FarDevices(
        acts=desk.acts, chart=desk.chart, call=desk.call, devices=screens.devices, role=role
    )
    ports.start()
    far.start()
    model = DevicesViewModel(
        tasks,
        screens.ticker,
        devices=screens.devices,
        device_ports=ports,
        far_devices=far,
        clock=desk.clock,
        role=role,
    )
    yield DevicePage(model, instruments, far)


async def test_a_person_picks_the_model_tries_it_and_uses_it(cart: Screens) -> None:
    async with TaskOwner("test") as tasks:
        with page_of(cart, tasks, Role.PRESENTER) as page:
            assert (page.screen.devices, page.screen.ports, page.screen.has_far) == ((), (), False)
            page.instruments.plug()
            (port,) = page.screen.ports
            assert wording.spoken(port.title) == "USB adapter USB Serial (1A86:7523)"
            assert any(wording.text("devices.no-number") == fact for fact in port.facts)
            assert len(port.models) == 2
            assert "9600 8N1" in wording.spoken(port.models[0])
            place = 0
            assert SUNTECH.model in port.models[place]
            page.model.try_port(port.path, place)
            await until(lambda: page.screen.ports[0].attempt.tone is Tone.GOOD)
            page.model.use(port.path, place)
            await until(lambda: page.screen.devices)
            assert page.instruments.wishes == [
                ("try port", PORT.path, "suntech"),
                ("bind", PORT.path, "suntech"),
            ]
            (card,) = page.screen.devices
            assert (card.kind, card.tone, card.can_try, card.can_forget) == (
                CUFF,
                Tone.GOOD,
                True,
                True,
            )
            for part in ("Blood pressure cuff", SUNTECH.model, "Connected since", "/dev/ttyUSB0"):
                assert part in card.spoken
            assert wording.text("evidence.other-project") in card.spoken
            page.model.forget(CUFF)
            await until(lambda: not page.screen.devices)
            await page.far.close()


async def test_no_model_chosen_is_no_wish(cart: Screens) -> None:
    async with TaskOwner("test") as tasks:
        with page_of(cart, tasks, Role.PRESENTER) as page:
            page.instruments.plug()
            for place in (-1, 2, 99):
                page.model.use(PORT.path, place)
                page.model.try_port(PORT.path, place)
            await settled()
            assert page.instruments.wishes == []
            await page.far.close()


async def test_every_answer_of_a_handshake_is_a_sentence_with_its_time(cart: Screens) -> None:
    async with TaskOwner("test") as tasks:
        with page_of(cart, tasks, Role.PRESENTER) as page:
            page.instruments.plug()
            said = set()
            for answer in Answer:
                page.instruments.answer = answer
                page.model.try_port(PORT.path, 1)
                await settled()
                attempt = page.screen.ports[0].attempt
                said.add(attempt.words)
                assert (attempt.tone is Tone.GOOD) == (answer is Answer.ANSWERED)
            assert len(said) == len(Answer)
            assert page.instruments.wishes[-1] == ("try port", PORT.path, OXIMETER.driver)
            await page.far.close()


async def test_while_one_wish_is_carried_out_no_other_is_offered(cart: Screens) -> None:
    async with TaskOwner("test") as tasks:
        with page_of(cart, tasks, Role.PRESENTER) as page:
            page.instruments.plug()
            page.instruments.may_go_on.clear()
            page.model.try_port(PORT.path, 0)
            await settled()
            (port,) = page.screen.ports
            assert not port.can_act
            assert port.attempt.words == wording.text("devices.trying")
            page.instruments.may_go_on.set()
            await until(lambda: page.screen.ports[0].can_act)
            await page.far.close()


async def test_an_adapter_that_moved_is_asked_about(cart: Screens) -> None:
    async with TaskOwner("test") as tasks:
        with page_of(cart, tasks, Role.PRESENTER) as page:
            for is_yes in (True, False):
                question = page.instruments.asks()
                for part in ("Blood pressure cuff", SUNTECH.model, PORT.path):
                    assert part in wording.spoken(page.screen.question)
                page.model.answer_question(is_yes)
                await until(lambda: not page.screen.question)
                wish = "confirm" if is_yes else "decline"
                assert page.instruments.wishes[-1] == (wish, question)
            page.model.answer_question(True)  # nothing is asked any more
            await settled()
            assert len(page.instruments.wishes) == 2
            await page.far.close()


async def test_what_was_not_done_says_why(cart: Screens) -> None:
    async with TaskOwner("test") as tasks:
        with page_of(cart, tasks, Role.PRESENTER) as page:
            page.instruments.plug()
            page.instruments.refuses(Code.BINDINGS_NOT_KEPT)
            page.model.use(PORT.path, 0)
            await until(lambda: page.screen.message)
            assert page.screen.message == wording.failure(Code.BINDINGS_NOT_KEPT)
            await page.far.close()


async def test_degraded_and_lost_are_said_with_since_when_and_why(cart: Screens) -> None:
    async with TaskOwner("test") as tasks:
        with page_of(cart, tasks, Role.PRESENTER) as page:
            scope = DeviceIdentity(DeviceKind.STETHOSCOPE, "Scope", "scope")
            clipping = DeviceStatus(
                scope,
                Presence.FOUND,
                MORNING,
                None,
                Impairment.CLIPPING,
                MORNING,
                firmware="1.05",
            )
            camera = DeviceIdentity(DeviceKind.CAMERA, "Webcam", "/dev/video0")
            gone = DeviceStatus(camera, Presence.MISSING, MORNING, Code.DEVICE_PULLED)
            cart.devices.seen((clipping, gone))
            first, second = page.screen.devices
            assert first.tone is Tone.ATTENTION
            assert wording.text("impairment.clipping") == first.reason
            assert "Degraded since" in first.state
            assert "Firmware 1.05" in first.spoken
            assert "Lost since" in second.state
            assert not first.can_try and not second.can_forget
            await page.far.close()


async def test_a_port_without_a_name_is_told_by_its_numbers(cart: Screens) -> None:
    async with TaskOwner("test") as tasks:
        with page_of(cart, tasks, Role.PRESENTER) as page:
            page.instruments.plug(SeenPort("COM3", PortIdentity(0x0403, 0x6001, "A900", "1-2")))
            page.instruments.plug(SeenPort("/dev/ttyS0"))
            named, built_in = page.screen.ports
            assert wording.spoken(named.title) == "USB adapter (0403:6001)"
            assert "Number A900" in named.spoken
            assert built_in.title == wording.text("devices.built-in")
            await page.far.close()


async def test_the_clinician_sees_the_carts_devices_as_told(doctor: Screens) -> None:
    async with TaskOwner("test") as tasks:
        with page_of(doctor, tasks, Role.CLINICIAN) as page:
            known = await doctor.open_chart()
            assert page.screen.has_far
            identity = DeviceIdentity(CUFF, "SunTech", "/dev/ttyUSB0", driver_version="1")
            status = DeviceStatus(identity, Presence.FOUND, MORNING, evidence=Evidence.VENDOR)
            page.far.heard(known.visit, words_of((status,)))
            (card,) = page.screen.far
            assert "SunTech" in card.spoken and "/dev/ttyUSB0" not in card.spoken
            assert not card.can_try and not card.can_forget
            assert "as told at" in page.screen.far_remark
            await page.far.close()


async def test_the_page_is_reached_from_everywhere_and_left_again(doctor: Screens) -> None:
    await doctor.sign_in_person()
    doctor.status.asked_for_devices.connect(lambda: doctor.window.show_devices(True))
    doctor.status.open_devices()
    pages = [doctor.window.screen.page]
    doctor.window.show_devices(False)
    pages.append(doctor.window.screen.page)
    await doctor.open_chart()
    doctor.status.open_devices()
    pages.append(doctor.window.screen.page)
    assert pages == [Page.DEVICES, Page.TODAY, Page.DEVICES]
