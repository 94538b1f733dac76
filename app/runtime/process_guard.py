"""What the operating system is told once, at the start of a program that holds patient data.

Called by each of our programs before anything is opened; it holds for that process alone.
"""

import ctypes
import os
import signal
import sys

if sys.platform != "win32":
    import resource

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4  # <sys/prctl.h>


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


def end_with(starter: int) -> None:
    """For a program that serves only the process which started it: no sound is taken for nobody."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    forbid_core_dumps()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != starter:  # it ended before we asked
            sys.exit(0)
