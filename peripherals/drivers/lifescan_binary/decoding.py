"""A LifeScan meter's packets in words, for support.

An answer does not say to which question; only readings and counts are told by their length.
"""

from peripherals.drivers.decoded import COUNT, Decoded, Fact, Valued, decoder, wall_clock
from peripherals.drivers.lifescan_binary.codec import (
    ACKNOWLEDGES,
    DISCONNECTS,
    EXPECTS,
    SEQUENCE,
    SUCCESS,
    Packet,
    Question,
    count_of,
    lifescan_codec,
    stored_of,
    version_of,
)

MG_PER_DL = "mg/dL"
QUESTIONS = {question.value: question.name.lower() for question in Question}


def told(packet: Packet) -> list[Decoded]:
    facts: dict[str, Fact] = {
        "crc": f"0x{int.from_bytes(packet.raw[-2:], 'little'):04X}",
        "sequence": packet.link & SEQUENCE,
        "expects": (packet.link & EXPECTS) >> 1,
    }
    message = packet.message
    if not message:
        kinds = {"ack": ACKNOWLEDGES, "disconnect": DISCONNECTS}
        return [
            Decoded(
                "link", facts=facts | {name: bool(packet.link & b) for name, b in kinds.items()}
            )
        ]
    if message in QUESTIONS:
        return [Decoded("command", facts=facts | {"command": QUESTIONS[message]})]
    if (stored := stored_of(message)) is not None:
        values = {"glucose": Valued(stored.mg_per_dl, MG_PER_DL)}
        return [Decoded("memory", values, facts | {"device_time": wall_clock(stored.wall_clock)})]
    if (count := count_of(message)) is not None:
        return [Decoded("answer", {"records": Valued(count, COUNT)}, facts)]
    if (version := version_of(message)) is not None:
        return [Decoded("answer", facts=facts | {"version": version})]
    if message.startswith(SUCCESS):
        return [Decoded("answer", facts=facts)]
    return [Decoded("other", facts=facts, reason="a message that this driver does not know")]


decode = decoder(lifescan_codec, told)
