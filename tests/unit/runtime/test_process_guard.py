"""A guarded process leaves no memory image and makes no file that others may read."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = ("main.py", "media/process.py", "media/devices/camera_process.py", "server/__main__.py")
PROGRAM = """
import ctypes, os, resource, sys
from app.runtime.process_guard import forbid_core_dumps, make_files_private
make_files_private()
forbid_core_dumps()
open(sys.argv[1], "w").close()
os.mkdir(sys.argv[1] + "-folder")
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def test_a_guarded_process_keeps_its_memory_and_files_to_itself(tmp_path: Path) -> None:
    made = tmp_path / "made"
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(made)],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert ran.stdout.strip() == "(0, 0) 0"  # PR_GET_DUMPABLE says no
    assert made.stat().st_mode & 0o777 == 0o600
    assert Path(f"{made}-folder").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_of_our_programs_guards_its_memory(program: str) -> None:
    """It is not inherited through exec, so one that forgets it is not guarded by its starter."""
    tree = ast.parse((ROOT / program).read_text())
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert "forbid_core_dumps" in [call.id for call in calls if isinstance(call, ast.Name)]
