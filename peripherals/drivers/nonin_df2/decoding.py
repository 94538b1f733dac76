"""Packets of Nonin's data format 2 in words, for support."""

from peripherals.drivers.decoded import Decoded, decoder
from peripherals.drivers.nonin.packets import packet_told
from peripherals.drivers.nonin.words import Answer, answer_told, command_of
from peripherals.drivers.nonin_df2.codec import Df2Packet, df2_codec, df2_of_9560_codec


def told(frame: Df2Packet | Answer) -> list[Decoded]:
    if isinstance(frame, Answer):
        return [answer_told(frame)]
    return [packet_told(frame, frame.pleth)]


decode = decoder(df2_codec, told, command_of)
decode_9560 = decoder(df2_of_9560_codec, told, command_of)
