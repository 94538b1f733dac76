"""What a call is put through: the line, who sends what, how long it is watched."""

from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.relays import RelayTransport
from bench.call.line_model import Shape
from bench.call.peer_setting import PeerSetting, RelaySetting

# As measured on two cores: start and end of a pair, one join with its rest, scoring of a second.
START_S, JOIN_S, RELAYED_JOIN_S, SCORING = 7.0, 1.5, 2.5, 0.5
WARM_JOIN_S = 1.5
# Three turns: one speaks while the other listens. Two that say the same, one a little later, are an
# echo to whoever takes echoes off.
APART_S = 15.0
AFTER_S = 15.0  # how long media are waited for after an outage

Steps = tuple[tuple[float, Shape], ...]


class Kind(StrEnum):
    JOINS = "joins"
    WARM_JOINS = "warm joins"
    RELAYED = "joins over a relay"
    CALL = "call"
    START = "start"
    OUTAGE = "outage"
    MOVE = "address change"
    MANY = "many calls"


@dataclass(frozen=True, slots=True)
class Situation:
    """`shapes`: there and back. `steps`: the same line later, seconds after the watch began.

    One-way: only the first side speaks and shows. `outage_s`: a black hole, server included.
    """

    kind: Kind
    shape: Shape
    steps: Steps = ()
    is_one_way: bool = True
    width: int = 640
    height: int = 480
    fps: int = 30
    settle_s: float = 5.0
    watch_s: float = 20.0
    outage_s: float = 0.0
    joins: int = 12
    is_long: bool = False  # pixels are not kept
    is_thumbnail: bool = False  # is all that is sent of the picture
    relay_by: RelayTransport | None = None
    relays: RelaySetting | None = None  # while they stand

    @property
    def shapes(self) -> tuple[Shape, Shape]:
        return self.shape, self.shape

    def setting(self, side: int) -> PeerSetting:
        sends = side == 0 or not self.is_one_way
        keeps = not self.is_long and self.kind is Kind.CALL
        return PeerSetting(
            self.width,
            self.height,
            self.fps,
            sends,
            sends,
            keeps,
            self.relays,
            side * APART_S,
            not self.is_one_way,
            self.is_thumbnail,
        )

    @property
    def expected_s(self) -> float:
        """How long one run takes, starting and scoring included; on two cores."""
        if self.kind is Kind.JOINS:
            return START_S + self.joins * JOIN_S
        if self.kind is Kind.WARM_JOINS:
            return START_S + self.joins * WARM_JOIN_S
        if self.kind is Kind.RELAYED:  # once at each end
            return 2 * START_S + self.joins * RELAYED_JOIN_S
        if self.kind in (Kind.OUTAGE, Kind.MOVE):
            return START_S + self.settle_s + self.outage_s + AFTER_S
        scoring_s = 0 if self.is_long else SCORING * self.watch_s
        return START_S + self.settle_s + self.watch_s + scoring_s

    @property
    def watched_sides(self) -> tuple[int, ...]:
        """Who sees and hears what counts."""
        return (1,) if self.is_one_way else (0, 1)


def line(*, rtt_ms: float = 50.0, **shape: float) -> Shape:
    return Shape(delay_ms=rtt_ms / 2, **shape)  # type: ignore[arg-type]  # field names of Shape


def quicker(situation: Situation) -> Situation:
    """One seed of it in little time, for QUICK."""
    if situation.kind is Kind.JOINS:
        return replace(situation, joins=8)
    if situation.kind is Kind.WARM_JOINS:
        return replace(situation, joins=4)
    if situation.kind is Kind.RELAYED:
        return replace(situation, joins=6)
    if situation.kind is Kind.CALL and situation.is_long:
        return replace(situation, watch_s=min(situation.watch_s, 40.0))
    if situation.kind is Kind.CALL and not situation.steps:
        return replace(situation, settle_s=4.0, watch_s=10.0)
    return situation
