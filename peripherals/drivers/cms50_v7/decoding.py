"""Frames of Contec's protocol 7 in words, for support."""

from peripherals.drivers.cms50_v7.codec import (
    Command,
    Frame,
    Free,
    IndexSupport,
    RealTime,
    Text,
    cms50_v7_codec,
    encode,
)
from peripherals.drivers.decoded import (
    COUNT,
    PER_MINUTE,
    PERCENT,
    Decoded,
    Fact,
    Valued,
    decoder,
    known_commands,
)

NAMES = {
    Command.START_REAL_TIME: "start_realtime",
    Command.STOP_REAL_TIME: "stop_realtime",
    Command.STOP_STORAGE: "stop_storage",
    Command.IDENTITY: "identity",
    Command.KEEP_ALIVE: "keepalive",
}


def told(frame: Frame) -> list[Decoded]:
    if isinstance(frame, RealTime):
        return [_real_time_told(frame)]
    if isinstance(frame, Free):
        return [Decoded("answer", facts={"type": "device free"})]
    if isinstance(frame, IndexSupport):
        return [Decoded("answer", facts={"pi_supported": frame.has_index})]
    if isinstance(frame, Text):
        return [Decoded("answer", facts={"type": "identity"})]  # a name that a person gave it
    return [Decoded("other", reason=f"a frame of type {frame.raw[0]:02x}, not read by this driver")]


def _real_time_told(frame: RealTime) -> Decoded:
    facts: dict[str, Fact] = {
        "pi_invalid": not frame.has_index,
        "searching": frame.is_searching,
    }
    if frame.index_percent is None:
        facts["pi"] = None
    if not frame.has_finger:
        return Decoded("no-value", facts=facts, reason="no finger in the oximeter")
    if frame.pulse_per_minute is None or frame.spo2_percent is None:
        return Decoded("no-value", facts=facts, reason="the device has no pulse or no SpO2")
    values: dict[str, Valued] = {
        "pulse": Valued(frame.pulse_per_minute, PER_MINUTE),
        "spo2": Valued(frame.spo2_percent, PERCENT),
        "signal": Valued(frame.strength, COUNT),
        "pleth": Valued(frame.pleth, COUNT),
        "bargraph": Valued(frame.bar, COUNT),
    }
    if frame.index_percent is not None:
        values["pi"] = Valued(frame.index_percent, PERCENT)
    return Decoded("live", values, facts)


decode = decoder(
    cms50_v7_codec, told, known_commands({encode(command): name for command, name in NAMES.items()})
)
