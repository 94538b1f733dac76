"""The file of bindings: whole or not at all, private, and none of its damage is fatal."""

import json
import stat
from pathlib import Path

import pytest

from app.domain.device import DeviceKind
from app.domain.device_binding import Binding, PortIdentity
from app.domain.failures import Code, Unavailable
from peripherals.finding.binding_file import MOST_BYTES, BindingFile

CUFF = Binding(
    DeviceKind.BLOOD_PRESSURE_CUFF, "suntech", PortIdentity(0x1A86, 0x7523, "", "1-2"), "/dev/a"
)
SCALE = Binding(DeviceKind.SCALE, "scale", PortIdentity(), "/dev/ttyS0")


def test_what_is_saved_is_loaded_and_only_ours_to_read(tmp_path: Path) -> None:
    path = tmp_path / "devices.json"
    file = BindingFile(path)
    assert file.load() == ()
    file.save((CUFF, SCALE))
    assert file.load() == (CUFF, SCALE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    file.save((SCALE,))
    assert file.load() == (SCALE,)
    assert [entry.name for entry in tmp_path.iterdir()] == ["devices.json"]


def good() -> dict[str, object]:
    return {
        "kind": "scale",
        "driver": "scale",
        "path": "/dev/ttyS0",
        "vendor_id": None,
        "product_id": None,
        "serial_number": "",
        "place": "",
    }


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"version": 2, "bindings": []}',
        b'{"version": 1}',
        b'{"version": 1, "bindings": {}}',
        b'{"version": 1, "bindings": [3]}',
        b" " * (MOST_BYTES + 1),
        json.dumps({"version": 1, "bindings": [good(), good()]}).encode(),
        *(
            json.dumps({"version": 1, "bindings": [good() | wrong]}).encode()
            for wrong in (
                {"kind": "teapot"},
                {"driver": 5},
                {"vendor_id": -1},
                {"vendor_id": True},
                {"product_id": "0x7523"},
                {"place": "a\nb"},
                {"path": "x" * 500},
            )
        ),
    ],
)
def test_a_damaged_file_is_put_aside_and_not_lost(tmp_path: Path, damaged: bytes) -> None:
    path = tmp_path / "devices.json"
    path.write_bytes(damaged)
    with pytest.raises(Unavailable) as unreadable:
        BindingFile(path).load()
    assert unreadable.value.code is Code.BINDINGS_UNREADABLE
    assert (tmp_path / "devices.json.unreadable").read_bytes() == damaged
    assert BindingFile(path).load() == ()


def test_a_folder_that_takes_nothing_is_said_and_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "devices.json"
    file = BindingFile(path)
    file.save((CUFF,))
    (tmp_path / "devices.json.new").mkdir()
    with pytest.raises(Unavailable) as not_kept:
        file.save((SCALE,))
    assert not_kept.value.code is Code.BINDINGS_NOT_KEPT
    assert file.load() == (CUFF,)


def test_what_is_no_file_is_said_too(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as unreadable:
        BindingFile(tmp_path).load()
    assert unreadable.value.code is Code.BINDINGS_UNREADABLE
