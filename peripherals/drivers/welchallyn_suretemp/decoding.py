"""A SureTemp Plus module's frames in words, for support."""

from peripherals.drivers.decoded import COUNT, Decoded, Fact, Valued, decoder, known_commands
from peripherals.drivers.welchallyn_suretemp.codec import (
    ZERO_CELSIUS_K,
    CommandClass,
    Frame,
    Record,
    Refusal,
    encode,
    suretemp_codec,
)

CELSIUS, KELVIN = "Cel", "K"
COMMANDS = {encode(CommandClass.SEND_RECORD): "941C send temperature record"}


def told(frame: Frame) -> list[Decoded]:
    if isinstance(frame, Refusal):
        return [Decoded("no-value", reason=f"the module refused: reply of type {frame.type}")]
    if not isinstance(frame, Record):
        return [Decoded("answer", facts={"ok": True, "class": f"{frame.command_class:04X}"})]
    values = {
        "samples": Valued(frame.samples, COUNT),
        "final_K": Valued(frame.final_kelvin, KELVIN),
        "probe_K": Valued(frame.probe_kelvin, KELVIN),
        "probe_C": Valued(frame.probe_kelvin - ZERO_CELSIUS_K, CELSIUS),
    }
    facts: dict[str, Fact] = {
        "method": "predict" if frame.is_predicted_orally else None,
        "algorithm": "oral" if frame.is_predicted_orally else None,
        "state": frame.state,
        "error": frame.error,
        "active": frame.is_active,
    }
    if frame.error:
        return [Decoded("no-value", facts=facts, reason=f"the module has an error: {frame.error}")]
    if frame.final_celsius is None:
        reason = "no result yet: the final temperature is 0 K"
        return [Decoded("no-value", values, facts | {"final": None}, reason)]
    values["final_C"] = Valued(frame.final_celsius, CELSIUS)
    return [Decoded("measurement", values, facts)]


decode = decoder(suretemp_codec, told, known_commands(COMMANDS))
