"""Spot-check readings of Nonin's data format 13 in words, for support."""

from peripherals.drivers.decoded import PER_MINUTE, PERCENT, Decoded, Valued, decoder, wall_clock
from peripherals.drivers.nonin.words import Answer, answer_told, command_of
from peripherals.drivers.nonin_df13.codec import SpotCheck, df13_codec


def told(frame: SpotCheck | Answer) -> list[Decoded]:
    if isinstance(frame, Answer):
        return [answer_told(frame)]
    facts = {
        "device_time": wall_clock(frame.wall_clock),
        "spa": frame.is_smart_point,
        "from_memory": frame.is_from_memory,
        "low_battery": frame.is_low_battery,
    }
    if frame.is_without_result:
        return [Decoded("no-value", facts=facts, reason="the device says: no measurement")]
    values: dict[str, Valued] = {}
    if frame.pulse_per_minute is not None:
        values["hr"] = Valued(frame.pulse_per_minute, PER_MINUTE)
    if frame.spo2_percent is not None:
        values["spo2"] = Valued(frame.spo2_percent, PERCENT)
    reason = "" if len(values) == 2 else "the device lacks pulse or SpO2"
    return [Decoded("measurement" if not reason else "no-value", values, facts, reason)]


decode = decoder(df13_codec, told, command_of)
