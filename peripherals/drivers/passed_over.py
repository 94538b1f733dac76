"""The run of bytes that a codec is passing over, until it is told as one Fault."""

from peripherals.drivers.fault import Fault, Why


class PassedOver:
    """The first reason that says more than "lost" is the reason of the whole run."""

    def __init__(self) -> None:
        self._byte_count = 0
        self._why = Why.LOST_BYTES

    def add(self, byte_count: int, why: Why) -> None:
        self._byte_count += byte_count
        if self._why is Why.LOST_BYTES:
            self._why = why

    def told(self) -> list[Fault]:
        """Once, before the frame that follows or when the line is idle."""
        if not self._byte_count:
            return []
        fault = Fault(self._why, self._byte_count)
        self._byte_count, self._why = 0, Why.LOST_BYTES
        return [fault]
