"""What the operating system is told once, at the start of a program that holds patient data.

Called by each of our programs before anything is opened; it holds for that process alone.
"""

import ctypes
import os
import sys

if sys.platform != "win32":
    import resource

PR_SET_DUMPABLE = 4  # <sys/prctl.h>


def make_files_private() -> None:
    """Whatever this process creates from now on is for its own user alone."""
    os.umask(0o077)


def forbid_core_dumps() -> None:
    """No memory image on the disk after a crash, and no other program of the user reads ours.

    Not inherited through exec: each program of the house calls it for itself.
    """
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
