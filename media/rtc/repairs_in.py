"""What comes of the far pictures, and what of it was lost made again from its repairs.

Bounded in all: sources, packets and rows; what makes no sense is dropped and counted.
"""

from dataclasses import dataclass, field

from aiortc import RTCPeerConnection

from media.quality.repair_code import made_again
from media.rtc.packet_numbers import NUMBERS
from media.rtc.repair_packets import (
    TYPE,
    Repair,
    Types,
    packet_of,
    read,
    repairable,
    types_of,
)
from media.rtc.strange_packets import StrangePackets

MOST_SOURCES = 4
MOST_PACKETS = 384  # of a source, the newest: more than a second of a sharp picture
MOST_ROWS = 32  # of a source, in which something is missing


@dataclass(slots=True)
class _Row:
    """One in which something is missing, and its repairs by their places."""

    first: int
    packets: int
    time: int
    repairs: dict[int, bytes] = field(default_factory=dict)

    def numbers(self) -> list[int]:
        return [(self.first + place) % NUMBERS for place in range(self.packets)]


class _Source:
    def __init__(self) -> None:
        self.packets: dict[int, bytes] = {}  # what is repaired of each, by number
        self.rows: dict[tuple[int, int], _Row] = {}  # by first number and time

    def keep(self, number: int, packet: bytes) -> None:
        self.packets.pop(number, None)
        self.packets[number] = packet
        if len(self.packets) > MOST_PACKETS:
            del self.packets[next(iter(self.packets))]

    def row_of(self, repair: Repair) -> _Row:
        row = self.rows.get((repair.first, repair.time))
        if row is None or row.packets != repair.packets:
            row = _Row(repair.first, repair.packets, repair.time)
            self.rows[repair.first, repair.time] = row
            if len(self.rows) > MOST_ROWS:
                del self.rows[next(iter(self.rows))]
        return row


class RepairsIn:
    """Of one connection."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        self._connection = connection
        self._types: Types | None = None
        self._sources: dict[int, _Source] = {}
        self.strange = StrangePackets("repairs of pictures")
        self.made_again = 0

    def came(self, data: bytes) -> list[bytes]:
        """What stock is to see instead: the packet itself, and those that it made whole."""
        self._types = self._types or types_of(self._connection)
        if self._types is None or len(data) < 12:
            return [data]
        match data[1] & TYPE:
            case self._types.repair:
                return self._repair_came(data)
            case self._types.picture:
                return [data, *self._packet_came(data)]
            case _:
                return [data]

    def _packet_came(self, data: bytes) -> list[bytes]:
        source_number = int.from_bytes(data[8:12], "big")
        packet = repairable(data)
        if packet is None or not (source := self._source(source_number)):
            return []
        number = int.from_bytes(data[2:4], "big")
        source.keep(number, packet)
        waiting = [
            row
            for row in source.rows.values()
            if (number - row.first) % NUMBERS < row.packets and row.time == _time(data)
        ]
        return [each for row in waiting for each in self._made(source_number, source, row)]

    def _repair_came(self, data: bytes) -> list[bytes]:
        try:
            repair = read(data)
        except ValueError:
            self.strange.drop()
            return []
        if not (source := self._source(repair.source)):
            return []
        row = source.row_of(repair)
        row.repairs[repair.place] = repair.data
        return self._made(repair.source, source, row)

    def _source(self, number: int) -> _Source | None:
        if number not in self._sources and len(self._sources) < MOST_SOURCES:
            self._sources[number] = _Source()
        return self._sources.get(number)

    def _made(self, source_number: int, source: _Source, row: _Row) -> list[bytes]:
        """Packets of that row, once enough of it is here; then it is done with."""
        numbers = row.numbers()
        kept = {
            place: packet
            for place, number in enumerate(numbers)
            if (packet := source.packets.get(number)) is not None
        }
        if len(numbers) - len(kept) > len(row.repairs):
            return []
        del source.rows[row.first, row.time]
        if len(numbers) == len(kept):
            return []
        lost = [number for place, number in enumerate(numbers) if place not in kept]
        try:
            made = made_again(row.packets, kept, row.repairs)
            found = [
                packet_of(each.tobytes(), source_number, number, row.time)
                for number, each in zip(lost, made, strict=True)
            ]
        except ValueError:
            self.strange.drop()
            return []
        for number, packet in zip(lost, found, strict=True):
            source.keep(number, repairable(packet) or b"")
        self.made_again += len(found)
        return found


def _time(data: bytes) -> int:
    return int.from_bytes(data[4:8], "big")
