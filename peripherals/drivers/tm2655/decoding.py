"""An A&D TM-2655's or TM-2657's frames in words, for support."""

from typing import Any

from peripherals.drivers.decoded import Decoded, decoder, known_commands
from peripherals.drivers.pressure_told import told as pressure_told
from peripherals.drivers.tm2655.codec import Answer, Command, codec, encode

COMMANDS = {
    encode(Command.START): "start",
    encode(Command.STOP): "stop",
    encode(Command.READ_RESULT): "read_bp_RB",
}


def told(frame: Any) -> list[Decoded]:
    if isinstance(frame, Answer):
        return [Decoded("answer", facts={"answer": "taken" if frame.is_taken else "refused"})]
    return pressure_told(frame)


decode = decoder(codec, told, known_commands(COMMANDS))
