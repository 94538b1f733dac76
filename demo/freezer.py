"""Stops (SIGSTOP) each camera process of one call, again and again, until it is ended itself.

`python -m demo.freezer PID_OF_THE_CALLS_PROCESS`
"""

import os
import signal
import sys
import time

from demo.programs import command_of, descendants_of

LOOK_S = 0.03


def main() -> None:
    root = int(sys.argv[1])
    while True:
        for pid in descendants_of(root):
            if any("camera_process" in word for word in command_of(pid)):
                try:
                    os.kill(pid, signal.SIGSTOP)
                except ProcessLookupError:
                    pass  # it was replaced meanwhile
        time.sleep(LOOK_S)


if __name__ == "__main__":
    main()
