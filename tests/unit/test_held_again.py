"""A failure is forgiven to a machine that stood still, and to no other."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.whole.held_again import TRIES, Standstills

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
import pytest
from tests.whole import held_again
held_again.STOOD_STILL_S = {least_s}

def pytest_runtest_protocol(item, nextitem):
    return held_again.protocol(item, nextitem)

def pytest_terminal_summary(terminalreporter):
    for told in held_again.TOLD:
        terminalreporter.write_line(told)

@pytest.fixture(scope="session")
def stage(tmp_path_factory):
    with open({counted!r}, "a") as file:
        file.write("stage\\n")

@pytest.fixture
def light(stage):
    yield
    with open({counted!r}, "a") as file:
        file.write("light off\\n")
"""
TESTS = """
def test_fails_at_first(light):
    with open({counted!r}, "a") as file:
        file.write("try\\n")
    assert open({counted!r}).read().count("try") > {bad_tries}

def test_after_it(light):
    pass
"""


def held(folder: Path, *, least_s: float, bad_tries: int) -> tuple[str, list[str]]:
    """What pytest says at its end, and what was done."""
    counted = folder / "counted"
    least = f'float("{least_s}")'
    (folder / "conftest.py").write_text(CONFTEST.format(least_s=least, counted=str(counted)))
    (folder / "test_it.py").write_text(TESTS.format(counted=str(counted), bad_tries=bad_tries))
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return run.stdout, counted.read_text().splitlines()


@pytest.mark.parametrize(
    ("least_s", "bad_tries", "tries", "closing"),
    [
        pytest.param(float("inf"), 1, 1, "1 failed, 1 passed", id="calm"),
        pytest.param(-1.0, 1, 2, "2 passed", id="stood still"),
        pytest.param(-1.0, 9, TRIES, "1 failed, 1 passed", id="fails whatever the machine does"),
    ],
)
def test_what_fails_is_held_again_where_the_machine_stood_still(
    tmp_path: Path, least_s: float, bad_tries: int, tries: int, closing: str
) -> None:
    said, done = held(tmp_path, least_s=least_s, bad_tries=bad_tries)
    assert closing in said
    assert done.count("try") == tries
    assert done.count("light off") == tries + 1 and done.count("stage") == 1
    assert said.count("while the machine stood still") == tries - 1


def test_a_standstill_is_measured() -> None:
    """The interpreter's lock is kept by one long call, as a busy processor would be by others."""
    with Standstills() as standstills:
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            sum(range(3_000_000))
    assert standstills.longest_s > 0.01
