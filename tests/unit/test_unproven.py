"""A machine that can prove nothing makes no green run, unless somebody said that it may."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unproven import ALLOWED

ROOT = Path(__file__).parents[2]
ONE_VISIT = "tests/whole/test_visit.py::test_one_visit_from_start_to_finish"
# Before conftest imports it: a machine that gives us no network of our own.
REFUSING = """
import sys, pytest
from demo import network
from demo.waiting import NotSo
def refused(): raise NotSo("namespaces are refused")
network.open_network = refused
sys.exit(pytest.main(["-q", "-rs", "-p", "no:cacheprovider", sys.argv[1]]))
"""


@pytest.mark.parametrize(("allowed", "code"), [("0", 1), ("1", 0)])
def test_a_whole_test_without_a_network_fails_unless_that_is_allowed(
    allowed: str, code: int
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", REFUSING, ONE_VISIT],
        cwd=ROOT,
        env={**os.environ, ALLOWED: allowed},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, "namespaces are refused" in ran.stdout) == (code, True), ran.stdout
    assert ("1 skipped" in ran.stdout) is (code == 0)
