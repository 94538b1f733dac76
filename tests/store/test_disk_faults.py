"""A disk with faults: what was acknowledged is there, what failed was said, nothing is half there.

The faults come from a small library between the store and the C library (faults.c), built here.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(240)

SOURCE = Path(__file__).with_name("faults.c")
BUILD = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"]
SAID = {"Unavailable disk-fault"}


def built(folder: Path) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("SKIPPED: no C compiler here, faults of the disk are not tried")
    library = folder / "faults.so"
    command = [compiler, *BUILD, "-o", str(library), str(SOURCE), "-ldl", "-lpthread"]
    made = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert made.returncode == 0, made.stderr
    return library


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Every round, in one process: what is looked at below was seen in the same run."""
    folder = tmp_path_factory.mktemp("faults")
    environment = {**os.environ, "LD_PRELOAD": str(built(folder))}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.store.fault_child", str(folder)],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        env=environment,
    )
    assert ran.returncode == 0, ran.stderr
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return found


def of_kind(rows: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    found = [row for row in rows if row["kind"] in kinds]
    assert found
    return found


def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert row["opens"] == "whole", row
        assert row["lost"] == [] and row["unasked"] == [] and not row["is_torn"], row
        assert row["kept"] > 3, row  # work went on when the disk did


def test_a_fault_is_said_and_not_called_damage(rows: list[dict[str, Any]]) -> None:
    for row in of_kind(rows, "eio-write", "eio-sync"):
        assert row["hits"] > 0, row
        assert set(row["told"]) == SAID, row


def test_a_short_write_is_written_to_its_end(rows: list[dict[str, Any]]) -> None:
    once = [row for row in of_kind(rows, "short-write") if row["hits"] == 1]
    assert len(once) >= 4
    assert all(row["told"] == [] for row in once)
    always = [row for row in of_kind(rows, "short-write") if row["hits"] > 1]
    assert all(set(row["told"]) <= SAID for row in always)


def test_a_disk_that_lies_about_one_file_loses_nothing_of_the_other(
    rows: list[dict[str, Any]],
) -> None:
    lied = Counter(row["part"] for row in of_kind(rows, "lost-sync") if row["hits"] > 0)
    assert lied["store.db"] >= 10 and lied["outbox.journal"] >= 10
    assert len(of_kind(rows, "power-cut")) >= 10
