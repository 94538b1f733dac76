"""A scale's lines in words, for support."""

from peripherals.drivers.and_scale.codec import State, Weighing, and_scale_codec
from peripherals.drivers.decoded import Decoded, Valued, decoder

UCUM_OF_UNIT = {"kg": "kg", "g": "g", "lb": "[lb_av]"}
MODES = {"GS": "gross", "NT": "net", "TR": "tare"}


def told(frame: Weighing) -> list[Decoded]:
    facts = {
        "stable": frame.state is State.STABLE,
        "mode": None if frame.mode is None else MODES[frame.mode],
    }
    if frame.weight is None or frame.kilograms is None:
        return [Decoded("no-value", facts=facts, reason="overload: outside of what it can weigh")]
    values = {"kg": Valued(frame.kilograms, "kg")}
    if frame.unit != "kg":
        values["as_shown"] = Valued(frame.weight, UCUM_OF_UNIT[frame.unit])
    if frame.state is State.MOVING:
        return [Decoded("live", values, facts)]
    return [Decoded("measurement", values, facts)]


decode = decoder(and_scale_codec, told)
