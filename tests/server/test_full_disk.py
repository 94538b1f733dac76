"""A server whose disk is truly full (a small tmpfs of its own) refuses, loses nothing, goes on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.test_full_disk import IN_NAMESPACE, MOUNT, may_mount

DISK_BYTES = 3 * 2**20
UPLOADS_DISK_BYTES = 6 * 2**20


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    if not may_mount(tmp_path):
        pytest.skip("SKIPPED: this machine lets us mount no tmpfs, the full disk is not tried")
    command = [
        *IN_NAMESPACE,
        MOUNT + ' && exec "$3" -m tests.server.full_disk_child "$2"',
        *("sh", str(DISK_BYTES), str(tmp_path), sys.executable),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert ran.returncode == 0, ran.stderr
    saw = json.loads(ran.stdout)
    assert saw["kept"] > 5
    assert saw == {
        "refused": [503, "server-error"],
        "file": [507, "server-full"],
        "feed": 200,  # what is there can still be read
        "again": 200,
        "kept": saw["kept"],
        "is_all_there_once": True,
        "is_sound": True,
        "half": [],
    }


def test_an_upload_waits_for_room_and_goes_on(tmp_path: Path) -> None:
    if not may_mount(tmp_path):
        pytest.skip("SKIPPED: this machine lets us mount no tmpfs, the full disk is not tried")
    command = [
        *IN_NAMESPACE,
        MOUNT + ' && exec "$3" -m tests.server.full_disk_uploads_child "$2"',
        *("sh", str(UPLOADS_DISK_BYTES), str(tmp_path), sys.executable),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "full": [507, "server-full"],
        "no_room": [507, "server-full"],
        "gave_room_back": True,
        "went_on_at": 500_000,
        "is_same": True,
    }
