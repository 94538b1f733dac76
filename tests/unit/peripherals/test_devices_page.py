"""The page of devices names every driver with its line and its evidence, and no others."""

import re
from pathlib import Path

import pytest

from peripherals.catalogue import ALL_DRIVERS, DRIVERS
from peripherals.decoders import DECODER_OF_NAME
from peripherals.drivers.driver import Driver, Evidence
from peripherals.emulators.all_emulators import EMULATORS

PAGE = Path(__file__).parents[3] / "docs/devices.md"
WORDS = {
    Evidence.VENDOR: "vendor's document",
    Evidence.CAPTURED: "captured",
    Evidence.OTHER_PROJECT: "another project's",
    Evidence.CONSTRUCTED: "constructed",
}
ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<rest>.*) \|$", re.M)


def rows() -> dict[str, list[str]]:
    text = PAGE.read_text("utf-8")
    return {row["name"]: row["rest"].split(" | ") for row in ROW.finditer(text)}


@pytest.mark.parametrize("driver", ALL_DRIVERS, ids=lambda driver: driver.name)
def test_the_row_of_a_driver_says_what_the_driver_says(driver: Driver) -> None:
    instrument, cable, line, known_from, gives = rows()[driver.name]
    assert instrument and cable and gives
    for setting in (driver.line, *driver.other_lines):
        assert str(setting) in line
    assert len(re.findall(r"\d+ \d[NEO]\d", line)) == 1 + len(driver.other_lines)
    assert WORDS[driver.evidence] in known_from


def test_there_is_no_row_without_a_driver_and_each_can_be_tried() -> None:
    assert list(rows()) == [driver.name for driver in ALL_DRIVERS]
    assert set(rows()) <= set(EMULATORS)


def test_commands_of_the_page_name_drivers_that_there_are() -> None:
    text = PAGE.read_text("utf-8")
    named = re.findall(r"--(?:cuff|device|stethoscope) (\w+)=", text)
    emulated = re.findall(r"peripherals\.emulate (\w+)", text)
    assert len(named) + len(emulated) >= 6
    assert set(named) <= set(DRIVERS)
    assert set(emulated) <= set(EMULATORS)  # a camera's head has no driver among the instruments
    assert {"omron_hem790it_hid", "contec08a_hid", "abaton_un300c", "maibobo"} <= set(
        DECODER_OF_NAME
    )


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([\w.-]+\.md)\)", PAGE.read_text("utf-8")):
        assert (PAGE.parent / target).is_file(), target
