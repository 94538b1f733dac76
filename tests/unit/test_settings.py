"""What the program is started with: the cuff's driver and port, and where lines are recorded."""

from pathlib import Path

import pytest

from app.settings import Settings, read_settings

CUFF_DRIVERS = ["suntech", "tm2655", "ble_bp"]


def given(*arguments: str) -> Settings:
    words = ["--profile", "somewhere", *arguments]
    return read_settings(words, "desk", cuff_drivers=CUFF_DRIVERS)


def test_a_port_alone_is_a_suntech_cuff() -> None:
    settings = given("--cuff", "/dev/ttyUSB0")
    assert (settings.cuff_driver, settings.cuff) == ("suntech", "/dev/ttyUSB0")
    assert (given().cuff_driver, given().cuff) == ("suntech", None)


def test_a_driver_may_stand_before_the_port() -> None:
    settings = given("--cuff", "ble_bp=AA:BB:CC:DD:EE:0F", "--trace-devices", "/tmp/traces")
    assert (settings.cuff_driver, settings.cuff) == ("ble_bp", "AA:BB:CC:DD:EE:0F")
    assert settings.device_traces == Path("/tmp/traces")


def test_an_unknown_driver_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        given("--cuff", "abacus=/dev/ttyUSB0")
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert "no driver 'abacus'" in told and "tm2655" in told
