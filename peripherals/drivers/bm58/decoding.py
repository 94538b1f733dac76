"""A Beurer BM58's replies in words, for support; what was asked is told from their length."""

from peripherals.drivers.bm58 import codec as bm58
from peripherals.drivers.decoded import COUNT, Decoded, Valued, decoder
from peripherals.drivers.pressure_told import result_told

COMMANDS = {bm58.PING: "ping", bm58.NAME: "name", bm58.COUNT: "count"}


def command_of(data: bytes) -> tuple[str, int] | None:
    if data[:1] == bm58.RECORD:
        return ("record", 2) if len(data) > 1 else None
    name = COMMANDS.get(data[:1])
    return None if name is None else (name, 1)


def told(reply: bm58.Reply) -> list[Decoded]:
    if reply.raw == bm58.PING_REPLY:
        return [Decoded("answer", facts={"command": "ping_reply"})]
    if len(reply.raw) == 1:
        return [Decoded("memory", {"count": Valued(reply.raw[0], COUNT)})]
    if len(reply.raw) == bm58.NAME_BYTES:
        name = reply.raw.decode("ascii", "replace").strip("\0 ")
        return [Decoded("identity", facts={"name": name})]
    record = bm58.record_of(reply.raw)
    if record is None:
        reason = "malformed: no reply has this length, or there is no such day or time"
        return [Decoded("no-value", reason=reason)]
    return [result_told(record, "record")]


decode = decoder(bm58.codec, told, command_of)
