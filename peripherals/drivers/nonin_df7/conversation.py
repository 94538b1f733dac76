"""What is said with an oximeter that is told to send Nonin's data format 7."""

from app.domain.device import DeviceIdentity
from peripherals.drivers.nonin.packets import PACKETS_PER_S, sample_of_packet
from peripherals.drivers.nonin.words import Answer, select_format
from peripherals.drivers.nonin_df7.codec import FORMAT, Df7Packet
from peripherals.drivers.oximeter.conversation import Habits, OximeterConversation
from peripherals.drivers.oximeter.sample import Sample


def sample_of(frame: Df7Packet | Answer) -> Sample | None:
    return None if isinstance(frame, Answer) else sample_of_packet(frame)


# A packet is 25 good frames in a row.
_HABITS = Habits(PACKETS_PER_S, sample_of, greetings=(select_format(FORMAT),), shown_after=1)


def df7_conversation(device: DeviceIdentity) -> OximeterConversation:
    return OximeterConversation(device, _HABITS)
