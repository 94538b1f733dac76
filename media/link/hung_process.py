"""Ends a media process that answers no more and is no child of ours: known by its connection.

Whoever holds the connection's other end cannot have handed its id on; but a process that never
called `listen` itself would be told to us as its starter. So it must be a media process, too.
"""

import logging
import os
import signal
from pathlib import Path

log = logging.getLogger(__name__)

MODULE = "media.process"  # its open files tell more, but are not shown: it forbids core dumps


def end_hung(process: int) -> bool:
    """Whether it was a media process and was ended."""
    try:
        handle = os.pidfd_open(process)
    except (OSError, ValueError):
        return False  # gone already
    try:
        said = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        if process == os.getpid() or MODULE.encode() not in said:
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError:
        return False
    finally:
        os.close(handle)
    log.info("media process %d answered no more and was ended", process)
    return True
