"""An A&D UA-767PC's bytes in words, for support."""

from dataclasses import replace
from typing import Any

from peripherals.drivers.decoded import MMHG, Decoded, Valued, decoder, known_commands
from peripherals.drivers.pressure_told import told as pressure_told
from peripherals.drivers.ua767pc.codec import CLOSE, OPEN, Answer, Ua767PcCodec

COMMANDS = {OPEN: "open communication", CLOSE: "close communication"}


def told(frame: Any) -> list[Decoded]:
    if isinstance(frame, Answer):
        return [Decoded("answer", facts={"answer": "taken" if frame.is_taken else "refused"})]
    return [_with_its_unit(event) for event in pressure_told(frame)]


def _with_its_unit(event: Decoded) -> Decoded:
    if "pulse_pressure" not in event.values:
        return event
    pulse_pressure = Valued(event.values["pulse_pressure"].value, MMHG)
    return replace(event, values={**event.values, "pulse_pressure": pulse_pressure})


decode = decoder(Ua767PcCodec, told, known_commands(COMMANDS))
