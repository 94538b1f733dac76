"""Packets of Nonin's data format 7 in words, for support."""

from peripherals.drivers.decoded import Decoded, decoder
from peripherals.drivers.nonin.packets import packet_told
from peripherals.drivers.nonin.words import Answer, answer_told, command_of
from peripherals.drivers.nonin_df7.codec import Df7Packet, df7_codec


def told(frame: Df7Packet | Answer) -> list[Decoded]:
    if isinstance(frame, Answer):
        return [answer_told(frame)]
    return [packet_told(frame, frame.pleth)]


decode = decoder(df7_codec, told, command_of)
