"""How much of the machine this process takes."""

import os
import time


class ProcessCpu:
    """All threads of this process; the camera's process has a life, and a share, of its own."""

    def __init__(self) -> None:
        self._processors = os.cpu_count() or 1
        self._asked = (time.monotonic(), time.process_time())

    def share(self) -> float:
        """0..1 of all processors, since the last asking."""
        before_s, used_before_s = self._asked
        now_s, used_s = self._asked = time.monotonic(), time.process_time()
        elapsed_s = max(now_s - before_s, 1e-3)
        return min(1.0, (used_s - used_before_s) / elapsed_s / self._processors)
