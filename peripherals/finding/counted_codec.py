"""A driver's codec that counts its frames and faults, so that a bad line is seen as such."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from peripherals.drivers.driver import Codec, Driver
from peripherals.drivers.fault import Fault

OnCount = Callable[[int, int], None]  # frames, faults


class CountedCodec:
    """Fulfils Codec with another one inside; passes everything on as it is."""

    def __init__(self, inside: Codec, on_count: OnCount) -> None:
        self._inside = inside
        self._on_count = on_count

    @property
    def buffered_bytes(self) -> int:
        return self._inside.buffered_bytes

    def feed(self, data: bytes) -> Sequence[Any]:
        return self._counted(self._inside.feed(data))

    def idle(self) -> Sequence[Any]:
        return self._counted(self._inside.idle())

    def _counted(self, found: Sequence[Any]) -> Sequence[Any]:
        faults = sum(isinstance(frame, Fault) for frame in found)
        self._on_count(len(found) - faults, faults)
        return found


def counted(driver: Driver, on_count: OnCount) -> Driver:
    """The same driver; each codec that it makes counts."""
    return replace(driver, codec=lambda: CountedCodec(driver.codec(), on_count))
