"""A guarded process leaves no memory image and makes no file that others may read."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import ctypes, os, resource, sys
from offline_store.process_guard import forbid_core_dumps, make_files_private
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
