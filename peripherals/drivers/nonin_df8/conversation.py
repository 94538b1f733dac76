"""What is said with an oximeter that is told to send Nonin's data format 8."""

from app.domain.device import DeviceIdentity
from app.domain.measurement import QualityFlag
from peripherals.drivers.nonin.words import Answer, select_format
from peripherals.drivers.nonin_df8.codec import FORMAT, Second
from peripherals.drivers.oximeter.conversation import Habits, OximeterConversation
from peripherals.drivers.oximeter.sample import Sample, no_finger, sample_of

FRAMES_PER_S = 1.0


def sample_of_second(frame: Second | Answer) -> Sample | None:
    """Out of track it has lost the beat, and the number is an old one."""
    if isinstance(frame, Answer):
        return None
    if not frame.has_finger:
        return no_finger(frame.raw)
    if frame.is_out_of_track:
        return sample_of(frame.raw, None, None)
    flags = {
        QualityFlag.ARTEFACT: frame.is_artefact,
        QualityFlag.LOW_PERFUSION: frame.is_low_perfusion,
        QualityFlag.LOW_BATTERY: frame.is_low_battery,
    }
    quality = frozenset(flag for flag, is_set in flags.items() if is_set)
    return sample_of(frame.raw, frame.spo2_percent, frame.pulse_per_minute, quality)


_HABITS = Habits(FRAMES_PER_S, sample_of_second, greetings=(select_format(FORMAT),))


def df8_conversation(device: DeviceIdentity) -> OximeterConversation:
    return OximeterConversation(device, _HABITS)
