"""Packets into whole pictures, in order; a hole is waited for no longer than it is worth.

Its time runs from the first packet behind it and ends with its filling, with a whole key frame
behind it when that is to be shown, or at the limit: then a key frame is due, and nothing is shown
before it. Pure: the time is told.
"""

from dataclasses import dataclass

from media.quality.arrival_count import ArrivalCount
from media.rtc.packet_numbers import NUMBERS, nearest
from media.rtc.picture_words import VP8, PictureWords

LEAST_LIMIT_S = 0.6
LIMIT_ROUND_TRIPS = 2.5  # two askings and what they take
LEAST_KEY_AGAIN_S, KEY_AGAIN_ROUND_TRIPS = 0.3, 1.2
MOST_ROUND_TRIP_S = 2.0  # a longer one is a queue, or packets that were made up
MOST_WAITING = 512
MOST_WAITING_BYTES = 1 << 20
FAR_AWAY = 500  # numbers; further away than this is a new beginning, when two in a row say so


@dataclass(frozen=True, slots=True)
class Piece:
    """One packet of a picture; without `data` it only fills a number."""

    number: int  # of 16 bit as it came, going on for ever inside
    timestamp: int
    is_first: bool
    is_last: bool
    data: bytes
    arrived_at: float
    words: PictureWords = VP8

    @property
    def is_key(self) -> bool:
        return self.is_first and self.words.begins_key_frame(self.data)

    def goes_on(self, later: "Piece") -> bool:
        """Whether the later one, which may be its next, is of the same picture."""
        return bool(self.data) and not self.is_last and self.timestamp == later.timestamp


class PictureAssembly:
    def __init__(self, count: ArrivalCount, now: float) -> None:
        self.count = count
        self.limit_s = LEAST_LIMIT_S
        self._key_again_s = LEAST_KEY_AGAIN_S
        self._pieces: dict[int, Piece] = {}
        self._waiting_bytes = 0
        self._newest: int | None = None
        self._stray: int | None = None
        self._next: int | None = None  # None: a key frame is needed
        self._floor: int | None = None  # what is older is not needed, while a key frame is
        self.patience_s = 0.0  # for what is older than a whole key frame: pictures are held so long
        self._ready: tuple[int, float] | None = None  # a whole key frame behind a hole; since when
        self._hole: int | None = None
        self._hole_since = now
        self._key_asked_at: float | None = None

    def round_trip_is(self, round_trip_s: float) -> None:
        round_trip_s = min(round_trip_s, MOST_ROUND_TRIP_S)
        self.limit_s = max(LEAST_LIMIT_S, LIMIT_ROUND_TRIPS * round_trip_s)
        self._key_again_s = max(LEAST_KEY_AGAIN_S, KEY_AGAIN_ROUND_TRIPS * round_trip_s)

    @property
    def needed_from(self) -> int | None:
        """Number, of 16 bit, of the oldest packet that is still of use; None: not known."""
        oldest = self._next if self._next is not None else self._floor
        return None if oldest is None else oldest % NUMBERS

    def begin_anew(self) -> None:
        """What waits is not shown: after a long silence nobody has the rest of it any more."""
        self._forget_before(None)
        self._newest = self._floor = None

    def add(
        self,
        number: int,
        timestamp: int,
        data: bytes,
        now: float,
        *,
        is_first: bool,
        is_last: bool,
        words: PictureWords = VP8,
    ) -> list[tuple[bytes, int]]:
        """The pictures that are whole now, oldest first, each with its timestamp."""
        place = self._place_of(number, now)
        if place is None:
            return []
        oldest = self._next if self._next is not None else self._floor
        if place in self._pieces or (oldest is not None and place < oldest):
            self.count.late += 1
            return []
        self._newest = place if self._newest is None else max(self._newest, place)
        piece = Piece(place, timestamp, is_first, is_last, data, now, words)
        self._pieces[place] = piece
        self._waiting_bytes += len(data)
        if len(self._pieces) > MOST_WAITING or self._waiting_bytes > MOST_WAITING_BYTES:
            self._give_up()
        self._see_key_frame(piece)
        self._take_key_frame(now)
        pictures = self._whole_ones()
        self.look(now)
        return pictures

    def look(self, now: float) -> None:
        """To be called often, packets or none: gives up what has waited too long."""
        if self._next is None:
            self._drop_older_than(now - self.limit_s)
            return
        self._see_hole()
        if self._hole is not None and now - self._hole_since >= self.limit_s:
            self._give_up()

    def is_key_due(self, now: float) -> bool:
        """Whether a key frame is to be asked for now; True is told once for each asking."""
        if self._next is not None or self._newest is None:
            return False
        if self._key_asked_at is not None and now - self._key_asked_at < self._key_again_s:
            return False
        self._key_asked_at = now
        self.count.keys_asked += 1
        return True

    # --- numbers -------------------------------------------------------------------------------

    def _place_of(self, number: int, now: float) -> int | None:
        """The number going on for ever; None for one that is far from all others."""
        if self._newest is None:
            self._key_asked_at = now  # the far side begins with one by itself
            return number + NUMBERS
        place = nearest(number, self._newest, NUMBERS)
        if abs(place - self._newest) <= FAR_AWAY:
            self._stray = None
            return place
        if self._stray is None or place != self._stray + 1:
            self._stray = place
            return None
        self._stray = None
        self._give_up()  # the far side counts anew
        self._forget_before(None)
        self._floor = self._newest = place
        return place

    # --- key frames ----------------------------------------------------------------------------

    def _see_key_frame(self, added: Piece) -> None:
        """Whether `added` makes a key frame behind a hole whole."""
        first = added
        while (before := self._pieces.get(first.number - 1)) is not None and before.goes_on(added):
            first = before
        pieces = self._picture_at(first.number) if first.is_first else None
        if pieces is None or not first.words.begins_key_frame(_data_of(pieces[:2])):
            return
        if self._next is None or first.number > self._next:
            self._ready = first.number, added.arrived_at

    def _take_key_frame(self, now: float) -> None:
        """At its time to be shown older gaps are nobody's concern any more."""
        if self._ready is None:
            return
        number, since = self._ready
        if self._next is None or (self._next < number and now - since >= self.patience_s):
            self.count.given_up += self._next is not None
            self._forget_before(number)
            self._next = number
        elif self._next >= number:
            self._ready = None

    def _give_up(self) -> None:
        """Nothing is shown before the next key frame; one that is on its way already is kept."""
        if self._next is not None:
            self.count.given_up += 1
        if self._ready is not None and self._ready[0] in self._pieces:
            number = self._ready[0]
            self._forget_before(number)
            self._next = number  # leaves with the next packet
            return
        keys = [piece.number for piece in self._pieces.values() if piece.is_key]
        usable = self._next is None or (bool(keys) and max(keys) > self._next)
        kept = max(keys) if keys and usable and len(self._pieces) <= MOST_WAITING // 2 else None
        self._forget_before(kept)
        self._floor = kept if kept is not None else self._after_newest()

    def _after_newest(self) -> int | None:
        return None if self._newest is None else self._newest + 1

    def _forget_before(self, number: int | None) -> None:
        """None: all of them."""
        if number is None or self._ready is None or self._ready[0] < number:
            self._ready = None
        self._next = self._hole = None
        kept = [] if number is None else [p for n, p in self._pieces.items() if n >= number]
        self._pieces = {piece.number: piece for piece in kept}
        self._waiting_bytes = sum(len(piece.data) for piece in kept)

    def _drop_older_than(self, time: float) -> None:
        for number in [n for n, piece in self._pieces.items() if piece.arrived_at < time]:
            self._take(number)

    def _take(self, number: int) -> Piece:
        piece = self._pieces.pop(number)
        self._waiting_bytes -= len(piece.data)
        return piece

    # --- whole pictures ------------------------------------------------------------------------

    def _whole_ones(self) -> list[tuple[bytes, int]]:
        pictures = []
        while self._next is not None:
            if (filler := self._pieces.get(self._next)) is not None and not filler.data:
                self._take(self._next)
                self._next += 1
                continue
            pieces = self._picture_at(self._next)
            if pieces is None:
                break
            data, words = _data_of(pieces), pieces[0].words
            if not pieces[0].is_first or not (
                words.begins_key_frame(data) or words.needs_others(data)
            ):
                self.count.malformed += 1
                self._give_up()
                break
            for piece in pieces:
                self._take(piece.number)
            self._next = pieces[-1].number + 1
            pictures.append((data, pieces[0].timestamp))
        return pictures

    def _picture_at(self, number: int) -> list[Piece] | None:
        """The packets of the picture that begins there, when all of them are here."""
        pieces: list[Piece] = []
        while (piece := self._pieces.get(number)) is not None:
            if pieces and piece.timestamp != pieces[0].timestamp:
                return pieces  # a far side that does not mark the last one
            pieces.append(piece)
            if piece.is_last:
                return pieces
            number += 1
        return None

    def _see_hole(self) -> None:
        assert self._next is not None
        if self._hole is not None and self._hole >= self._next and self._hole not in self._pieces:
            return
        missing = self._next
        while missing in self._pieces:
            missing += 1
        behind = [piece.arrived_at for n, piece in self._pieces.items() if n > missing]
        self._hole = missing if behind else None
        if behind:
            self._hole_since = min(behind)


def _data_of(pieces: list[Piece]) -> bytes:
    return b"".join(piece.data for piece in pieces)
