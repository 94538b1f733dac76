"""Seconds of Nonin's data format 8 in words, for support."""

from peripherals.drivers.decoded import PER_MINUTE, PERCENT, Decoded, Valued, decoder
from peripherals.drivers.nonin.words import Answer, answer_told, command_of
from peripherals.drivers.nonin_df8.codec import Second, df8_codec


def told(frame: Second | Answer) -> list[Decoded]:
    if isinstance(frame, Answer):
        return [answer_told(frame)]
    facts = {
        "out_of_track": frame.is_out_of_track,
        "artefact": frame.is_artefact,
        "low_perfusion": frame.is_low_perfusion,
        "low_battery": frame.is_low_battery,
        "spa": frame.is_smart_point,
    }
    if not frame.has_finger:
        reason = "sensor alarm: no finger; the numbers are the last ones, said again"
        return [Decoded("no-value", facts=facts, reason=reason)]
    values: dict[str, Valued] = {}
    if frame.pulse_per_minute is not None:
        values["hr"] = Valued(frame.pulse_per_minute, PER_MINUTE)
    if frame.spo2_percent is not None:
        values["spo2"] = Valued(frame.spo2_percent, PERCENT)
    reason = "" if values else "the device has no pulse and no SpO2"
    return [Decoded("live" if values else "no-value", values, facts, reason)]


decode = decoder(df8_codec, told, command_of)
