"""Sound of a stethoscope on a serial line: blocks in order, what is missing between them counted.

Knows nothing of what becomes of it: `packed` is how a block crosses a pipe to whoever records it.
"""

import struct
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from app.domain.failures import Code, Unavailable
from peripherals.byte_port import Chunk, MakePort
from peripherals.drivers.serial_scope.codec import SAMPLE_BYTES, Block, serial_scope_codec
from peripherals.line_setting import LineSetting

READ_LIMIT_S = 0.1
QUIET_READS = 2  # in a row: a begun block will not be finished
SILENT_AFTER_READS = 20  # as the sound input of media takes it
SEQUENCES = 0x1_0000
PACKED_HEAD = struct.Struct("<HIIH")


@dataclass(frozen=True, slots=True)
class ScopeBlock:
    """`gap`: samples that the device sent before these and that never came."""

    sequence: int
    rate_hz: int
    samples: bytes  # PCM, 16 bit, low byte first, one channel
    gap: int
    is_filtered: bool

    def packed(self) -> bytes:
        """Sequence u16, rate u32, gap u32, byte count u16, all low byte first; then the samples."""
        head = PACKED_HEAD.pack(self.sequence, self.rate_hz, self.gap, len(self.samples))
        return head + self.samples


class BlockOrder:
    """A block that comes again is passed over; one that does not follow the last tells the gap."""

    def __init__(self) -> None:
        self._last: Block | None = None

    def taken(self, block: Block) -> ScopeBlock | None:
        """Unavailable when another rate or an earlier block comes: the device was started anew."""
        last, self._last = self._last, block
        step = 1 if last is None else (block.sequence - last.sequence) % SEQUENCES
        if step == 0:
            return None
        is_anew = last is not None and block.rate_hz != last.rate_hz
        if is_anew or step > SEQUENCES // 2:
            raise Unavailable(Code.DEVICE_PULLED, "stethoscope: it was started anew")
        gap = (step - 1) * (len(block.samples) // SAMPLE_BYTES)
        return ScopeBlock(block.sequence, block.rate_hz, block.samples, gap, block.is_filtered)


class SerialStethoscope:
    """Owns the port while its sound is taken."""

    def __init__(self, path: str, line: LineSetting, make_port: MakePort) -> None:
        self._path = path
        self._line = line
        self._make_port = make_port

    async def sound(self) -> AsyncGenerator[ScopeBlock, None]:
        """Until the taker stops; Unavailable when it is not there, is pulled or falls silent."""
        port = self._make_port(self._path, self._line)
        codec, order, quiet = serial_scope_codec(), BlockOrder(), 0
        try:
            await port.open()
            while True:
                item = await port.read(READ_LIMIT_S)
                data = item.data if isinstance(item, Chunk) else b""
                quiet = 0 if data else quiet + 1
                found = codec.feed(data) if quiet < QUIET_READS else codec.idle()
                for block in found:
                    if isinstance(block, Block) and (taken := order.taken(block)) is not None:
                        yield taken
                if quiet >= SILENT_AFTER_READS:
                    raise Unavailable(Code.DEVICE_SILENT, "stethoscope")
        finally:
            await port.close()
