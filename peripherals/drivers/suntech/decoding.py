"""A SunTech-family module's frames in words, for support."""

from peripherals.drivers.decoded import (
    COUNT,
    MMHG,
    Decoded,
    Valued,
    decoder,
    known_commands,
    pressures,
)
from peripherals.drivers.suntech.codec import (
    Ack,
    Answer,
    Command,
    CuffPressure,
    Frame,
    Result,
    SunTechCodec,
    encode,
    host_frame,
)
from peripherals.drivers.suntech.conversation import ERRORS

MEANINGS = {
    Answer.RECEIVED: "received",
    Answer.DONE: "carried out, or the cycle is complete",
    Answer.ABORTED: "aborted",
    Answer.BUSY: "busy",
    Answer.ERROR: "error",
    Answer.INVALID: "not valid",
    Answer.UNRECOGNISED: "unrecognised",
    Answer.ASLEEP: "asleep",
    Answer.TIMED_OUT: "timed out",
}
# The driver never sends the lower ones; a trace of another program may hold them.
COMMANDS = {
    encode(Command.START_ADULT): "start_adult",
    encode(Command.ABORT): "abort",
    encode(Command.READ_RESULT): "get_bp",
    encode(Command.CUFF_PRESSURE): "get_cuff",
    host_frame(b"\x28"): "start_neonate",
    host_frame(b"\x87"): "start_paediatric",
    host_frame(b"\x8a"): "reset",
    host_frame(b"\x79\x11\x00"): "status_Aplus",
    host_frame(b"\x79\x10\x03"): "status_LX",
    host_frame(b"\x0c\x00\x01\x01"): "pneumatics_close",
}


def told(frame: Frame) -> list[Decoded]:
    if isinstance(frame, Ack):
        facts = {"ack": str(frame.answer), "meaning": MEANINGS[frame.answer]}
        return [Decoded("answer", facts=facts)]
    if isinstance(frame, CuffPressure):
        return [Decoded("live", {"cuff_mmHg": Valued(frame.mmhg, MMHG)})]
    if isinstance(frame, Result):
        return [_result_told(frame)]
    return [Decoded("other", reason="a whole frame of a kind that this driver does not know")]


def _result_told(frame: Result) -> Decoded:
    counts = {"beats": frame.beats, "bp_status": frame.status, "error": frame.error}
    if frame.error:
        reason = f"device_error {frame.error}: {ERRORS.get(frame.error, 'not published')}"
        return Decoded("no-value", facts={"error": frame.error}, reason=reason)
    values = pressures(
        frame.systolic_mmhg, frame.diastolic_mmhg, frame.mean_mmhg, frame.pulse_per_minute
    )
    return Decoded("measurement", values | {name: Valued(n, COUNT) for name, n in counts.items()})


decode = decoder(SunTechCodec, told, known_commands(COMMANDS))
