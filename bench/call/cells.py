"""Every cell of the issue's table: what is done, what is looked at, which goal it has."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from app.domain.relays import RelayTransport
from bench.call import echo_cells
from bench.call.line_model import Shape
from bench.call.situations import Kind, Situation, line
from bench.rows import Row

PEER = "Chromium"
COMPARISON = re.compile(r"(<=|>=|==|<|>) ?peer(?: ?\* ?([\d.]+))?(?: ?\+ ?([\d.]+))?")
ROOM = 0.02  # of Chromium's SSIM and PESQ: less is not to be told apart


@dataclass(frozen=True, slots=True)
class Aim:
    """`goal`: "<= 0.6", or against the peer's figure: "<= peer * 0.5 + 30"."""

    fact: str
    unit: str
    goal: str | None = None
    words: str = ""
    how: str = "median"  # of all samples: or p95, max, sum

    def goal_with(self, peer_value: float | None) -> str | None:
        """One that a machine can check; None where it needs a peer's figure and there is none."""
        if self.goal is None or not (found := COMPARISON.fullmatch(self.goal)):
            return self.goal
        if peer_value is None:
            return None
        limit = peer_value * float(found[2] or 1) + float(found[3] or 0)
        return f"{found[1]} {limit:.4g}"

    @property
    def needs_peer(self) -> bool:
        return self.goal is not None and "peer" in self.goal


@dataclass(frozen=True, slots=True)
class Cell:
    """`made_by` gives the rows of what needs no line. Neither: `reason` says why not measured."""

    name: str
    situation: Situation | None
    aims: tuple[Aim, ...]
    reason: str = ""
    seeds: int = 5  # a quick run has one
    has_peer: bool = True
    why_not_quick: str = ""
    made_by: Callable[[], list[Row]] | None = None

    def seeds_in(self, *, is_quick: bool) -> range:
        return range(1, 2 if is_quick else self.seeds + 1)

    @property
    def needs_peer(self) -> bool:
        return any(aim.needs_peer for aim in self.aims)


def _warm(name: str, goal: str, shape: Shape) -> Cell:
    """Nothing of Chromium's is to be compared: a page of its own would have to wait, too."""
    situation = Situation(Kind.WARM_JOINS, shape, is_one_way=False, is_long=True)
    return Cell(name, situation, (Aim("join_s", "s", goal, how="p95"),), has_peer=False)


def _joins(goal: str, shape: Shape, *, against: bool = True) -> tuple[Situation, tuple[Aim, ...]]:
    situation = Situation(Kind.JOINS, shape, is_one_way=False, is_long=True)
    aims = [Aim("join_s", "s", goal, how="p95"), Aim("join_s", "s", "<= 5", how="max")]
    if against:
        aims.append(Aim("join_s", "s", "< peer", "against Chromium", "p95"))
    aims += [Aim("channel_s", "s", how="p95"), Aim("picture_s", "s", how="p95")]
    return situation, tuple(aims)


def _relayed(goal: str, transport: RelayTransport) -> tuple[Situation, tuple[Aim, ...]]:
    situation, aims = _joins(goal, line(rtt_ms=100, loss=0.05), against=False)
    return replace(situation, kind=Kind.RELAYED, relay_by=transport), aims


DELAY = Aim("voice_delay_ms", "ms", "<= peer + 30")
SPEECH = (
    Aim("pesq", "PESQ-WB", ">= peer", "against Chromium"),
    Aim("stoi", "STOI"),
    Aim("voice_gap_ms", "ms", "<= 200", how="max"),
    DELAY,
)
AGAINST = (
    Aim("pesq", "PESQ-WB", ">= peer"),
    Aim("stoi", "STOI"),
    Aim("voice_gap_ms", "ms", "<= peer"),
    Aim("voice_delay_ms", "ms"),
)
PICTURE = (
    Aim("freezes", "count", "<= peer"),
    Aim("frozen_s", "s", "<= peer"),
    Aim("ssim_p50", "SSIM", ">= peer"),
    Aim("ssim_p5", "SSIM", ">= peer"),
    Aim("latency_p50_ms", "ms", "<= peer + 100"),
    Aim("latency_p95_ms", "ms"),
    Aim("fps", "fps"),
    Aim("kbit_s", "kbit/s"),
    Aim("cpu", "core"),
)


def _rate(fps: str, gap: str | None = None) -> tuple[Aim, ...]:
    return (
        Aim("fps", "fps", fps),
        Aim("voice_missing_percent", "%", "<= 0.5"),
        Aim("queue_p95_ms", "ms", "< 150"),
        Aim("ssim_p50", "SSIM", ">= peer"),
        Aim("ssim_p5", "SSIM"),
        Aim("fps", "fps", ">= peer", "against Chromium"),
        Aim("freezes", "count"),
        Aim("longest_gap_s", "s", gap, how="max"),
        Aim("latency_p50_ms", "ms"),
        Aim("pesq", "PESQ-WB"),
        Aim("voice_delay_ms", "ms"),
        Aim("kbit_s", "kbit/s"),
        Aim("cpu", "core"),
    )


def _table() -> list[Cell]:
    def call(shape: Shape, **more: object) -> Situation:
        return Situation(Kind.CALL, shape, **more)  # type: ignore[arg-type]  # its own fields

    both = {"is_one_way": False}
    bursts = line(rtt_ms=100, dark_share=0.1)
    outage = Situation(Kind.OUTAGE, line(rtt_ms=100), is_one_way=False, is_long=True)
    far = call(line(rtt_ms=600), is_one_way=False, watch_s=600.0, is_long=True)
    drop_steps = ((5.0, line(rate_bit_s=200_000)), (25.0, line(rate_bit_s=2_000_000)))
    hd = call(line(), is_one_way=False, width=1280, height=720)
    many = Situation(
        Kind.MANY,
        line(loss=0.03),
        is_one_way=False,
        is_long=True,
        is_thumbnail=True,
        fps=15,
        watch_s=60.0,
    )
    return [
        Cell("join-0", *_joins("<= 0.6", line(rtt_ms=100), against=False)),
        Cell("join-5", *_joins("<= 0.8", line(rtt_ms=100, loss=0.05))),
        Cell("join-10", *_joins("<= 1.0", line(rtt_ms=100, loss=0.1))),
        Cell("join-20", *_joins("<= 2.5", line(rtt_ms=300, loss=0.2))),
        _warm("warm-0", "<= 0.3", line(rtt_ms=100)),
        _warm("warm-10", "<= 0.5", line(rtt_ms=100, loss=0.1)),
        Cell("join-bursts", *_joins("<= 1.5", bursts, against=False)),
        Cell("join-turn-udp", *_relayed("<= 1.5", RelayTransport.UDP)),
        Cell("join-turn-tls", *_relayed("<= 3", RelayTransport.TLS)),
        Cell("speech-5", call(line(loss=0.05)), (Aim("pesq", "PESQ-WB", ">= 3.8"), *SPEECH)),
        Cell("speech-10", call(line(loss=0.1)), (Aim("pesq", "PESQ-WB", ">= 3.5"), *SPEECH)),
        Cell("speech-20", call(line(loss=0.2)), (Aim("pesq", "PESQ-WB", ">= 3.0"), *SPEECH)),
        Cell("speech-bursts", call(line(burst_loss=0.1)), AGAINST),
        Cell("speech-jitter", call(line(rtt_ms=20, jitter_ms=80)), AGAINST),
        Cell("picture-2", call(line(loss=0.02)), PICTURE),
        Cell("picture-5", call(line(loss=0.05)), PICTURE),
        Cell("picture-10", call(line(loss=0.1)), PICTURE),
        Cell("picture-2-rtt300", call(line(loss=0.02, rtt_ms=300)), PICTURE),
        Cell("picture-5-rtt600", call(line(loss=0.05, rtt_ms=600)), PICTURE),
        Cell("rate-1M", call(line(rate_bit_s=1_000_000)), _rate(">= 29")),
        Cell("rate-300k", call(line(rate_bit_s=300_000)), _rate(">= 25")),
        Cell("rate-128k", call(line(rate_bit_s=128_000)), _rate(">= 10")),
        Cell("rate-300k-both", call(line(rate_bit_s=300_000), **both), _rate(">= 20", "<= 1")),
        Cell("rate-128k-both", call(line(rate_bit_s=128_000), **both), _rate(">= 5", "<= 1")),
        Cell(
            "rate-64k",
            call(line(rate_bit_s=64_000)),
            (
                Aim("voice_missing_percent", "%", "<= 0.5"),
                Aim("queue_p95_ms", "ms", "< 150"),
                Aim("fps", "fps", ">= peer"),
                Aim("pesq", "PESQ-WB"),
            ),
        ),
        Cell(
            "drop",
            call(line(rate_bit_s=2_000_000), settle_s=10.0, watch_s=45.0, steps=drop_steps),
            (
                Aim("voice_missing_percent", "%", "<= 1"),
                Aim("frozen_s", "s", "<= peer * 0.5"),
                Aim("full_again_s", "s", "<= 8"),
                Aim("longest_gap_s", "s"),
                Aim("fps", "fps"),
                Aim("ssim_p50", "SSIM"),
            ),
        ),
        Cell(
            "start",
            Situation(Kind.START, line(), watch_s=10.0, is_long=True),
            (
                Aim("megabit_after_s", "s", "<= 2"),
                Aim("megabit_after_s", "s", "<= peer + 1", "against Chromium"),
            ),
        ),
        Cell("blackout-5", replace(outage, outage_s=5.0), (Aim("back_s", "s", "<= 1"),)),
        Cell("blackout-60", replace(outage, outage_s=60.0), (Aim("back_s", "s", "<= 3"),)),
        Cell("address", replace(outage, kind=Kind.MOVE), (Aim("back_s", "s", "<= 2"),)),
        Cell(
            "rtt600",
            far,
            (
                Aim("longest_gap_s", "s", "<= 5", how="max"),
                Aim("losses", "count", "== 0", how="sum"),
                Aim("fps", "fps"),
            ),
            has_peer=False,
        ),
        Cell(
            "calls-200",
            many,
            (Aim("dropped", "count", "== 0", how="sum"), Aim("away_s", "s", how="max")),
            seeds=50,
            has_peer=False,
        ),
        Cell(
            "clean-720p",
            hd,
            (
                Aim("fps", "fps", ">= 29"),
                Aim("latency_p95_ms", "ms", "<= peer"),
                Aim("cpu", "core", "<= peer"),
                Aim("ssim_p50", "SSIM", f">= peer * {1 - ROOM}"),
                Aim("kbit_s", "kbit/s"),
            ),
        ),
        Cell(
            "soak",
            replace(far, shape=line(), watch_s=1800.0),
            (Aim("growth_mb_h", "MB/h", "<= 20"), Aim("lip_sync_ms", "ms", "<= 45")),
            has_peer=False,
            seeds=1,
            why_not_quick="growth shows in half an hour only",
        ),
        Cell(echo_cells.SINGLE, None, (), made_by=echo_cells.single),
        Cell(echo_cells.DOUBLE, None, (), made_by=echo_cells.double),
    ]


def table() -> dict[str, Cell]:
    """By name, in the order in which they run."""
    return {cell.name: cell for cell in _table()}


UNITS: Mapping[str, float] = {"": 1, "k": 1e3, "M": 1e6}
WORDS = {"loss", "bursts", "dark", "rtt", "jitter", "rate", "queue"}


def by_hand(words: list[str]) -> Cell:
    """Of words such as loss=7 rtt=180 rate=400k; percent and milliseconds. ValueError else."""
    given: dict[str, float] = {}
    for word in words:
        name, _, value = word.partition("=")
        found = re.fullmatch(r"([\d.]+)([kM]?)", value)
        if name not in WORDS or found is None:
            raise ValueError(f"not understood: {word} (known: {', '.join(sorted(WORDS))})")
        given[name] = float(found[1]) * UNITS[found[2]]
    shape = Shape(
        loss=given.get("loss", 0) / 100,
        burst_loss=given.get("bursts", 0) / 100,
        dark_share=given.get("dark", 0) / 100,
        delay_ms=given.get("rtt", 50) / 2,
        jitter_ms=given.get("jitter", 0),
        rate_bit_s=given.get("rate"),
        queue_ms=given.get("queue", 300),
    )
    aims = tuple(replace(aim, goal=None) for aim in (*SPEECH[:1], *AGAINST[1:], *PICTURE))
    aims = (*aims, Aim("voice_missing_percent", "%"), Aim("queue_p95_ms", "ms"))
    return Cell(" ".join(sorted(words)), Situation(Kind.CALL, shape), aims)


def chosen(words: str) -> list[Cell]:
    """All cells, those that are named, or one by hand. ValueError for what is neither."""
    every = table()
    named = words.split()
    if not named:
        return list(every.values())
    if any("=" in word for word in named):
        return [by_hand(named)]
    if unknown := [word for word in named if word not in every]:
        raise ValueError(f"no such cell: {', '.join(unknown)} (there are: {' '.join(every)})")
    return [every[word] for word in named]
