"""What is said with an oximeter that sends Nonin's data format 2."""

from app.domain.device import DeviceIdentity
from peripherals.drivers.nonin.packets import PACKETS_PER_S, sample_of_packet
from peripherals.drivers.nonin.words import Answer, select_format
from peripherals.drivers.nonin_df2.codec import FORMAT, Df2Packet
from peripherals.drivers.oximeter.conversation import Habits, OximeterConversation
from peripherals.drivers.oximeter.sample import Sample


def sample_of(frame: Df2Packet | Answer) -> Sample | None:
    return None if isinstance(frame, Answer) else sample_of_packet(frame)


_OEM = Habits(PACKETS_PER_S, sample_of, shown_after=1)  # a packet is 25 good frames in a row
_9560 = Habits(PACKETS_PER_S, sample_of, greetings=(select_format(FORMAT),), shown_after=1)


def df2_conversation(device: DeviceIdentity) -> OximeterConversation:
    return OximeterConversation(device, _OEM)


def df2_of_9560_conversation(device: DeviceIdentity) -> OximeterConversation:
    return OximeterConversation(device, _9560)
