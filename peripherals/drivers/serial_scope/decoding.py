"""A serial stethoscope's blocks in words, for support."""

from peripherals.drivers.decoded import COUNT, Decoded, Valued, decoder
from peripherals.drivers.serial_scope.codec import SAMPLE_BYTES, Block, serial_scope_codec

HERTZ, DECIBEL = "Hz", "dB"


def told(block: Block) -> list[Decoded]:
    values = {
        "sequence": Valued(block.sequence, COUNT),
        "rate": Valued(block.rate_hz, HERTZ),
        "gain": Valued(block.gain_db, DECIBEL),
        "samples": Valued(len(block.samples) // SAMPLE_BYTES, COUNT),
    }
    return [Decoded("sound", values, {"filtered": block.is_filtered})]


decode = decoder(serial_scope_codec, told)
