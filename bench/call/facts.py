"""What runs find: measures by name, of one call or one join each."""

from dataclasses import dataclass, field

Facts = dict[str, float]

OURS, PEER = "bedside", "chromium"
MORE_IS_BETTER = {"pesq", "stoi", "fps", "ssim_p50", "ssim_p5", "lines"}
NEVER_S = 99.0  # of what did not come while it was waited for


class Void(Exception):
    """The line did not do what was asked of it, or a peer was not there: says nothing."""


@dataclass(slots=True)
class Found:
    """Samples of a cell by make, and why some are missing."""

    samples: dict[str, list[Facts]] = field(default_factory=lambda: {OURS: [], PEER: []})
    voids: list[str] = field(default_factory=list)
