"""What runs find: measures by name, of one call or one join each."""

from dataclasses import dataclass, field

Facts = dict[str, float]

OURS, PEER = "bedside", "chromium"
MORE_IS_BETTER = {"pesq", "stoi", "fps", "ssim_p50", "ssim_p5", "lines"}
STEP = "ladder "  # before the name of a step: the share of the time that was spent on it
NEVER_S = 99.0  # of what did not come while it was waited for


class Void(Exception):
    """The line did not do what was asked of it: says nothing about the peers."""


def nothing_came(watch_s: float) -> Facts:
    """Of a call that did not come up, or whose peer ended: the worst there is, never left out."""
    return {
        "join_s": NEVER_S,
        "losses": 1.0,
        "pesq": 1.0,
        "stoi": 0.0,
        "voice_delay_ms": 1000 * NEVER_S,
        "voice_gap_ms": 1000 * watch_s,
        "voice_missing_percent": 100.0,
        "fps": 0.0,
        "freezes": 5 * watch_s,
        "frozen_s": watch_s,
        "longest_gap_s": watch_s,
        "latency_p50_ms": 1000 * NEVER_S,
        "latency_p95_ms": 1000 * NEVER_S,
        "ssim_p50": 0.0,
        "ssim_p5": 0.0,
        "full_again_s": NEVER_S,
        "lip_sync_ms": 1000 * NEVER_S,
    }


def failed(watch_s: float) -> Facts:
    """Of a run of ours that did not end as it should, whatever was measured."""
    never = ("channel_s", "picture_s", "back_s", "megabit_after_s", "growth_mb_h")
    return {
        **nothing_came(watch_s),
        **dict.fromkeys(never, NEVER_S),
        "dropped": 1.0,
        "away_s": watch_s,
        "queue_p95_ms": 1000 * NEVER_S,
        "cpu": NEVER_S,
    }


@dataclass(slots=True)
class Found:
    """Samples of a cell by make, and why some are missing."""

    samples: dict[str, list[Facts]] = field(default_factory=lambda: {OURS: [], PEER: []})
    voids: list[str] = field(default_factory=list)
