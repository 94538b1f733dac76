"""The device page by hand, by keyboard and by ear."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QPushButton, QWidget

from app.domain.device import DeviceKind
from tests.ui.given import Pages, settle
from ui import gallery_devices as made
from ui import theme
from ui.view_models.window import Page
from ui.wording import spoken, text

CUFF = DeviceKind.BLOOD_PRESSURE_CUFF
FREE = replace(made.DEVICES_CART, ports=(made.CHEAP, made.BUILT_IN))


def page(look: theme.Look, screen: object = FREE) -> Pages:
    pages = Pages(look, Page.DEVICES)
    pages.show(devices=screen)
    return pages


def choose(pages: Pages, place: int, model: int) -> QComboBox:
    choice = pages.find(f"port.{place}.model", QComboBox)
    choice.setCurrentIndex(model)
    settle()
    return choice


def test_every_device_says_all_that_is_known_of_it(look: theme.Look) -> None:
    pages = page(look)
    name = pages.name(f"devices.here.{CUFF}")
    for part in (
        "Blood pressure cuff",
        "SunTech Advantage family",
        "Connected since",
        "/dev/ttyUSB0",
        "suntech 1",
        text("devices.no-firmware"),
        text("evidence.other-project"),
    ):
        assert part in name


def test_nothing_is_chosen_beforehand(look: theme.Look) -> None:
    pages = page(look)
    assert pages.find("port.1.model", QComboBox).currentText() == text("devices.choose-model")
    for word in ("try", "use"):
        assert not pages.find(f"port.1.{word}", QPushButton).isEnabled()
    choose(pages, 1, 3)
    pages.press("port.1.try")
    pages.press("port.1.use")
    path = made.CHEAP.path
    assert pages.wishes("devices") == [("try_port", (path, 2)), ("use", (path, 2))]


def test_a_choice_outlives_what_else_changes_on_the_page(look: theme.Look) -> None:
    pages = page(look)
    choice = choose(pages, 1, 2)
    pages.show(devices=replace(FREE, message="something else", ports=FREE.ports[:1]))
    assert choice.currentIndex() == 2
    pages.press("port.1.use")
    assert pages.wishes("devices") == [("use", (made.CHEAP.path, 1))]


def test_while_a_wish_is_carried_out_the_buttons_wait(look: theme.Look) -> None:
    pages = page(look)
    choose(pages, 1, 1)
    pages.show(devices=replace(FREE, ports=(replace(made.CHEAP, can_act=False), made.BUILT_IN)))
    assert not pages.find("port.1.try", QPushButton).isEnabled()
    pages.show(devices=FREE)
    assert pages.find("port.1.try", QPushButton).isEnabled()


def test_forgetting_is_asked_twice(look: theme.Look) -> None:
    pages = page(look)
    here = f"devices.here.{CUFF}"
    pages.press(f"{here}.forget")
    assert pages.wishes("devices") == []
    assert pages.find(f"{here}.forget-cancel", QPushButton).hasFocus()
    pages.press(f"{here}.forget-confirm")
    assert pages.wishes("devices") == [("forget", (CUFF,))]


def test_trying_is_one_press(look: theme.Look) -> None:
    pages = page(look)
    pages.press(f"devices.here.{CUFF}.try")
    assert pages.wishes("devices") == [("try_device", (CUFF,))]
    assert pages.name(f"devices.here.{CUFF}.attempt") == "It answered at 14:03."
    assert not pages.shown(f"devices.here.{DeviceKind.CAMERA}.try")


class Answers:
    """A bool is not noted by the tests' models, so this page's one is asked for by itself."""

    def __init__(self, pages: Pages) -> None:
        self.given: list[bool] = []
        pages.models["devices"].answer_question = self.given.append


@pytest.mark.parametrize(("button", "is_yes"), [("confirm", True), ("cancel", False)])
def test_a_moved_adapter_is_a_question_with_two_answers(
    look: theme.Look, button: str, is_yes: bool
) -> None:
    pages = Pages(look, Page.DEVICES)
    answers = Answers(pages)
    pages.show(devices=made.DEVICES_ILL)
    assert spoken(made.DEVICES_ILL.question) in pages.name("devices-question")
    pages.press(f"devices-{button}")
    assert answers.given == [is_yes]


def test_escape_is_no(look: theme.Look) -> None:
    pages = Pages(look, Page.DEVICES)
    answers = Answers(pages)
    pages.show(devices=made.DEVICES_ILL)
    QTest.keyClick(pages.find("devices-cancel", QPushButton), Qt.Key.Key_Escape)
    settle()
    assert answers.given == [False]


def test_a_question_that_is_no_longer_one_goes(look: theme.Look) -> None:
    pages = page(look, made.DEVICES_ILL)
    assert pages.shown("devices-question")
    pages.show(devices=FREE)
    assert not pages.shown("devices-question")


def test_the_carts_devices_stand_at_the_clinicians_only_and_cannot_be_touched(
    look: theme.Look,
) -> None:
    pages = page(look, made.DEVICES_CLINICIAN)
    assert "Lost since" in pages.name(f"devices.cart.{DeviceKind.STETHOSCOPE}")
    assert not pages.shown(f"devices.cart.{CUFF}.try")
    pages.show(devices=FREE)
    assert not pages.shown("devices.far")


def test_all_of_it_is_reached_by_tab(look: theme.Look) -> None:
    pages = page(look)
    choose(pages, 1, 1)
    pages.frame.activateWindow()
    pages.find("devices.back", QPushButton).setFocus()
    reached = set()
    for _ in range(60):
        focused = pages.frame.focusWidget()
        assert isinstance(focused, QWidget)
        reached.add(focused.accessibleIdentifier())
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    here = f"devices.here.{CUFF}"
    wanted = {"devices.back", here, f"{here}.try", f"{here}.forget", "status.devices"}
    wanted |= {"port.1", "port.1.model", "port.1.try", "port.1.use"}
    assert wanted <= reached


def test_the_way_there_and_back(look: theme.Look) -> None:
    pages = page(look)
    pages.press("devices.back")
    assert pages.wishes("devices") == [("back", ())]
    pages.press("status.devices")
    assert pages.wishes("status") == [("open_devices", ())]
    assert pages.name("status.devices") == text("devices.open-name")
