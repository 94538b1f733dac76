"""What is said with a CMS50 of the first protocol: nothing; it streams unasked."""

from app.domain.device import DeviceIdentity
from peripherals.drivers.cms50_old.codec import Sixtieth
from peripherals.drivers.oximeter.conversation import Habits, OximeterConversation
from peripherals.drivers.oximeter.sample import Sample, no_finger, sample_of

FRAMES_PER_S = 60.0


def sample_of_frame(frame: Sixtieth) -> Sample:
    if not frame.has_finger:
        return no_finger(frame.raw)
    if frame.is_searching:
        return sample_of(frame.raw, None, None)
    return sample_of(frame.raw, frame.spo2_percent, frame.pulse_per_minute)


_HABITS = Habits(FRAMES_PER_S, sample_of_frame)


def cms50_old_conversation(device: DeviceIdentity) -> OximeterConversation:
    return OximeterConversation(device, _HABITS)
