"""What is said with a CMS50 of protocol 7: it streams when asked and while it is kept alive."""

from dataclasses import replace

from app.domain.device import DeviceIdentity
from peripherals.drivers.cms50_v7.codec import Command, Frame, RealTime, Text, encode
from peripherals.drivers.oximeter.conversation import Habits, OximeterConversation
from peripherals.drivers.oximeter.sample import Sample, no_finger, sample_of

FRAMES_PER_S = 60.0


def sample_of_frame(frame: Frame) -> Sample | None:
    if not isinstance(frame, RealTime):
        return None
    if not frame.has_finger:
        return no_finger(frame.raw)
    if frame.is_searching:
        return sample_of(frame.raw, None, None)
    found = sample_of(frame.raw, frame.spo2_percent, frame.pulse_per_minute)
    return replace(found, perfusion_percent=frame.index_percent)


def is_identity(frame: Frame) -> bool:
    return isinstance(frame, Text)


_HABITS = Habits(
    FRAMES_PER_S,
    sample_of_frame,
    is_greeting=is_identity,
    # A stream that a killed program left running is stopped first.
    greetings=tuple(
        encode(c) for c in (Command.STOP_STORAGE, Command.STOP_REAL_TIME, Command.IDENTITY)
    ),
    begin=encode(Command.START_REAL_TIME),
    end=encode(Command.STOP_REAL_TIME),
    keep_alive=encode(Command.KEEP_ALIVE),
)


def cms50_v7_conversation(device: DeviceIdentity) -> OximeterConversation:
    return OximeterConversation(device, _HABITS)
