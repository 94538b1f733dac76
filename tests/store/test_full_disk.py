"""A disk that is truly full (a small tmpfs in a mount namespace of its own) loses nothing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DISK_BYTES = 16 * 2**20
MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2"'
IN_NAMESPACE = ["unshare", "--map-root-user", "--mount", "sh", "-c"]


def may_mount(place: Path) -> bool:
    if shutil.which("unshare") is None:
        return False
    command = [*IN_NAMESPACE, MOUNT, "sh", str(DISK_BYTES), str(place)]
    return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0


def test_a_full_disk_says_so_and_loses_nothing(tmp_path: Path) -> None:
    if not may_mount(tmp_path):
        pytest.skip("SKIPPED: this machine lets us mount no tmpfs, the full disk is not tried")
    command = [
        *IN_NAMESPACE,
        MOUNT + ' && exec "$3" -m tests.store.full_disk_child "$2"',
        *("sh", str(DISK_BYTES), str(tmp_path), sys.executable),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert ran.returncode == 0, ran.stderr
    saw = json.loads(ran.stdout)
    assert saw["said"] == ["Unavailable: store-full"]
    assert saw["rounds"] == 50
    assert saw["kept"] > 100  # acts were kept in many rounds, not refused from the start
    assert saw["is_all_there"]
    assert saw["events"] == saw["kept"]
    assert saw["left"] == []  # no half-written recording
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_arrives_waits_for_room_and_goes_on(tmp_path: Path) -> None:
    if not may_mount(tmp_path):
        pytest.skip("SKIPPED: this machine lets us mount no tmpfs, the full disk is not tried")
    command = [
        *IN_NAMESPACE,
        MOUNT + ' && exec "$3" -m tests.store.full_disk_arriving_child "$2"',
        *("sh", str(DISK_BYTES), str(tmp_path), sys.executable),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "said": ["Unavailable: store-full"] * 4,
        "steps": [7, 256 * 1024],  # each piece once, none of them again
        "is_same": True,
        "is_alone": True,
    }
