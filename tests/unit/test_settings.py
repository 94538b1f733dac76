"""What the program is started with: the cuff's driver and port, and where lines are recorded."""

from pathlib import Path

import pytest

from app.domain.camera_lease import Policy
from app.settings import Settings, read_settings
from ui.views.freeze_key import TAKEN, is_freeze_key

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


def test_the_exam_camera_is_somebodys_to_grant_and_a_pedals_to_freeze() -> None:
    settings = given()
    assert (settings.exam_camera, settings.camera_head, settings.freeze_key) == (None, None, "F9")
    assert settings.far_control is Policy.ASK
    words = ("--exam-camera", "2", "--camera-head", "/dev/ttyUSB1", "--far-control", "never")
    settings = given(*words, "--freeze-key", "Media Play")
    assert (settings.exam_camera, settings.camera_head) == ("2", "/dev/ttyUSB1")
    assert (settings.far_control, settings.freeze_key) == (Policy.NEVER, "Media Play")


@pytest.mark.parametrize(
    "words", [("--far-control", "sometimes"), ("--freeze-key", "Tab"), ("--freeze-key", "")]
)
def test_what_nobody_can_press_or_mean_is_said_in_a_sentence(
    words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        read_settings(["--profile", "x", *words], "desk", is_freeze_key=is_freeze_key)
    assert left.value.code == 2
    assert words[0] in capsys.readouterr().err


@pytest.mark.parametrize("word", ["F9", "F13", "B", "Ctrl+K", "Pause", "Media Play", "PgDown"])
def test_keys_that_pedals_send_may_freeze(word: str) -> None:
    assert is_freeze_key(word)


@pytest.mark.parametrize(
    "word", ["", "Foo", "F99", "Ctrl+", "F9, F10", "Space", "Return", "Esc", "Shift", "Alt", *TAKEN]
)
def test_keys_that_are_none_or_mean_something_else_may_not(word: str) -> None:
    assert not is_freeze_key(word)


@pytest.mark.parametrize(
    "words",
    [
        ("--device", "nonin_df2=/dev/ttyUSB1", "--device", "and_scale=/dev/ttyUSB1"),
        ("--device", "nonin_df2=/dev/ttyUSB1", "--cuff", "/dev/ttyUSB1"),
    ],
)
def test_a_port_is_one_instruments(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read_settings(["--profile", "x", *words], "desk")
    assert "/dev/ttyUSB1 is named twice" in capsys.readouterr().err


def test_traces_are_written_into_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "heart.wav"
    file.write_bytes(b"")
    with pytest.raises(SystemExit):
        read_settings(["--profile", "x", "--trace-devices", str(file)], "desk")
    assert "heart.wav is no folder" in capsys.readouterr().err
    given("--trace-devices", str(tmp_path / "new"))


def test_whether_desks_on_the_site_may_find_this_one_is_its_owners_to_say() -> None:
    assert given().opens_to_site
    assert not given("--no-site").opens_to_site
