"""Qt's binding must not eat the references of None.

PySide6 6.12.0 drops one reference of None on each call that returns nothing; on Python 3.11 the
process dies of it after some 5,000 calls, which a window that merely opens never makes. Where
None is immortal (3.12 and later) the count says nothing, and only the survival is proven.
"""

import os
import subprocess
import sys

COUNTED_CALLS = 10_000
SOAK_CALLS = 20_000
# A few references come and go with the interpreter's own work; the defect loses one for each call.
LARGEST_LOSS = 50

PROGRAM = """
import sys
from PySide6.QtWidgets import QApplication, QWidget

application = QApplication([])
window = QWidget()

def call_often(times):
    for turn in range(times // 2):
        window.setUpdatesEnabled(turn % 2 == 0)
        window.setWindowTitle("")

call_often(100)
before = sys.getrefcount(None)
call_often(int(sys.argv[1]))
print(sys.getrefcount(None) - before, flush=True)
"""


def change_of_none_after(calls: int) -> int:
    """Runs the calls in a process of their own, because the defect would end ours."""
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(calls)],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return int(finished.stdout)


def test_void_calls_keep_the_references_of_none() -> None:
    assert change_of_none_after(COUNTED_CALLS) >= -LARGEST_LOSS


def test_many_void_calls_do_not_end_the_process() -> None:
    assert change_of_none_after(SOAK_CALLS) >= -LARGEST_LOSS
