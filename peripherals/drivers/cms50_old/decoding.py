"""Frames of the first CMS50 protocol in words, for support."""

from peripherals.drivers.cms50_old.codec import Sixtieth, cms50_old_codec
from peripherals.drivers.decoded import (
    COUNT,
    PER_MINUTE,
    PERCENT,
    Decoded,
    Valued,
    decoder,
)


def told(frame: Sixtieth) -> list[Decoded]:
    facts = {"beep": frame.has_beep, "searching": frame.is_searching}
    if not frame.has_finger:
        return [Decoded("no-value", facts=facts, reason="no finger in the oximeter, or no probe")]
    if frame.pulse_per_minute is None or frame.spo2_percent is None:
        return [Decoded("no-value", facts=facts, reason="no reading: pulse or SpO2 is 0")]
    values = {
        "pulse": Valued(frame.pulse_per_minute, PER_MINUTE),
        "spo2": Valued(frame.spo2_percent, PERCENT),
        "signal": Valued(frame.strength, COUNT),
        "pleth": Valued(frame.pleth, COUNT),
        "bargraph": Valued(frame.bar, COUNT),
    }
    return [Decoded("live", values, facts)]


decode = decoder(cms50_old_codec, told)
