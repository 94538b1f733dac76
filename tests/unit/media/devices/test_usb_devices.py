"""What USB devices tell of themselves: cameras and sound inputs known by more than their number."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.failures import Code, Unavailable
from media.devices.camera_list import FoundCamera, camera_at, cameras
from media.devices.inputs import SoundDevice, devices_of
from media.devices.sound_library import named_alike
from media.devices.sound_sources import SoundSource, source_named, sources_of
from media.devices.usb_facts import NO_USB, UsbFacts, facts_of

WEBCAM = UsbFacts("046d", "0826", "AB12", "1-2", "0.10")


def usb_device(system: Path, place: str, **files: str) -> Path:
    folder = system / "devices/usb1" / place
    folder.mkdir(parents=True)
    for name, told in files.items():
        (folder / name).write_text(f"{told}\n")
    return folder


def video_node(system: Path, number: int, behind: Path, name: str, index: str = "0") -> None:
    interface = behind / f"{behind.name}:1.0"
    interface.mkdir(exist_ok=True)
    node = system / f"class/video4linux/video{number}"
    node.mkdir(parents=True)
    (node / "name").write_text(f"{name}\n")
    (node / "index").write_text(f"{index}\n")
    (node / "device").symlink_to(interface)


def webcam(system: Path) -> Path:
    return usb_device(
        system, "1-2", idVendor="046d", idProduct="0826", serial="AB12", bcdDevice="0010"
    )


def test_a_camera_is_known_by_its_usb_device_and_its_metadata_node_is_left_out(
    tmp_path: Path,
) -> None:
    behind = webcam(tmp_path)
    video_node(tmp_path, 10, behind, "Webcam")
    video_node(tmp_path, 11, behind, "Webcam", index="1")
    video_node(tmp_path, 2, tmp_path, "Virtual")
    assert cameras(tmp_path) == (
        FoundCamera("/dev/video2", "Virtual"),
        FoundCamera("/dev/video10", "Webcam", WEBCAM),
    )
    assert cameras(tmp_path / "nowhere") == ()


def test_a_camera_behind_a_link_is_found(tmp_path: Path) -> None:
    found = (FoundCamera("/dev/video10", "Webcam", WEBCAM),)
    link = tmp_path / "by-id"
    link.symlink_to("/dev/video10")
    assert camera_at(str(link), found) == found[0]
    assert camera_at("/dev/video10", found) == found[0]
    assert camera_at("/dev/video11", found) is None


def test_the_same_camera_comes_back_under_another_number_and_another_one_is_told_apart() -> None:
    one = FoundCamera("/dev/video0", "Webcam", WEBCAM)
    assert one.is_same_as(FoundCamera("/dev/video4", "Webcam", replace(WEBCAM, place="2-1")))
    assert not one.is_same_as(replace(one, usb=replace(WEBCAM, serial_number="AB13")))
    cheap = replace(one, usb=replace(WEBCAM, serial_number=""))
    assert cheap.is_same_as(replace(cheap, path="/dev/video4"))
    assert not cheap.is_same_as(replace(cheap, usb=replace(cheap.usb, place="2-1")))
    virtual = FoundCamera("/dev/video2", "Virtual")
    assert virtual.is_same_as(virtual)
    assert not virtual.is_same_as(replace(virtual, path="/dev/video3"))


def test_what_a_maker_wrote_is_tamed(tmp_path: Path) -> None:
    folder = usb_device(tmp_path, "1-9", idVendor="046d", serial="a\x07\x1b[31m" + "b" * 500)
    facts = facts_of(folder)
    assert facts.serial_number.startswith("a[31mb")
    assert len(facts.serial_number) == 120
    assert facts_of(tmp_path / "nowhere") == NO_USB


# As pactl 16 tells them, shortened to what is read.
SOURCES = [
    {
        "name": "voice.monitor",
        "description": "Monitor of Null Output",
        "sample_specification": "s16le 1ch 48000Hz",
        "monitor_source": "voice",
        "properties": {"device.class": "monitor"},
    },
    {
        "name": "alsa_input.usb-Acme_Scope_77-00.mono-fallback",
        "description": "Scope",
        "sample_specification": "s16le 2ch 44100Hz",
        "monitor_source": "",
        "properties": {
            "device.vendor.id": "0x0d8c",
            "device.product.id": "14",
            "device.serial": "Acme_77",
            "device.bus_path": "pci-1",
        },
    },
]
SCOPE = SoundSource(
    "alsa_input.usb-Acme_Scope_77-00.mono-fallback",
    "Scope",
    44100,
    2,
    False,
    UsbFacts("0d8c", "0014", "Acme_77", "pci-1"),
)


def test_the_sound_server_tells_name_and_identity() -> None:
    monitor, scope = sources_of(json.dumps(SOURCES).encode())
    assert scope == SCOPE
    assert monitor.is_monitor
    assert source_named(SCOPE.name, (monitor, scope)) == SCOPE
    assert source_named("Scope", (monitor, scope)) == SCOPE
    assert source_named("Scope", (scope, replace(scope, name="other"))) is None
    assert source_named("Monitor of Null Output", (monitor, scope)) is None
    assert source_named("voice.monitor", (monitor, scope)) == monitor  # who names it wants it


@pytest.mark.parametrize(
    "said", [b"", b"{}", b"[3]", b'[{"name": "a"}]', b"\xff", b"[" + b"1," * 600_000 + b"1]"]
)
def test_a_list_that_is_none_is_no_list(said: bytes) -> None:
    with pytest.raises(Unavailable) as unreadable:
        sources_of(said)
    assert unreadable.value.code is Code.NO_SOUND_DEVICE


def test_portaudios_list_tells_the_card_behind_a_device() -> None:
    told = {
        "name": "Scope: USB Audio (hw:2,0)",
        "inputs": 1,
        "outputs": 0,
        "rate_hz": 44100,
        "is_default_input": False,
        "is_default_output": False,
        "usb": {
            "vendor_id": "0d8c",
            "product_id": "0014",
            "serial_number": "",
            "place": "1-3",
            "release": "1.00",
        },
    }
    (device,) = devices_of(json.dumps([told]).encode())
    usb = UsbFacts("0d8c", "0014", "", "1-3", "1.00")
    assert device == SoundDevice("Scope: USB Audio (hw:2,0)", 1, 0, 44100, False, False, usb)
    with pytest.raises(Unavailable):
        devices_of(json.dumps([{**told, "usb": {"colour": "red"}}]).encode())


def test_a_card_that_was_counted_anew_is_the_same_name_when_only_one_has_it() -> None:
    names = ["Scope: USB Audio (hw:3,0)", "HDA: ALC (hw:0,0)", "pulse"]
    assert named_alike("Scope: USB Audio (hw:2,0)", names) == names[0]
    assert named_alike("HDA: ALC (hw:0,0)", names) == names[1]
    assert named_alike("pulse", names) == "pulse"
    two = [*names, "Scope: USB Audio (hw:4,0)"]
    assert named_alike("Scope: USB Audio (hw:2,0)", two) is None
    assert named_alike("Scope", names) is None
