"""How the far picture looked: SSIM at the source's size, freezes, pictures a second, latency.

For each picture of the source the one that is shown in its place counts: itself, or the newest
older one when it never came. How late that is stands apart, as latency. A picture that another
one follows before the screen has drawn it is not shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt

from bench.call import barcode
from bench.call.clip import Clip
from bench.call.facts import NEVER_S
from bench.rows import percentile

FREEZE_S = 0.2
SCREEN_HZ = 60
Luma = npt.NDArray[np.uint8]
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # Wang et al. 2004


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture on the far screen. `number` None: could not be read."""

    at: float
    number: int | None
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PictureScore:
    fps: float
    freezes: int
    frozen_s: float
    longest_gap_s: float
    latency_p50_ms: float
    latency_p95_ms: float
    ssim_p50: float
    ssim_p5: float
    lines: float  # of the picture as it came, median


def lumas(data: bytes, shown: Sequence[Sequence[float]]) -> Iterator[Luma]:
    """The pictures of a peer's file, in their order, at the size in which they came."""
    at = 0
    for _, _, width, height in shown:
        size = int(width) * int(height)
        yield np.frombuffer(data, np.uint8, size, at).reshape(int(height), int(width))
        at += size


def indexes(put: Sequence[tuple[float, int]], shown: Sequence[Shown]) -> list[int]:
    """Which of the source's pictures each one is: the newest of its number when it was shown.

    One that cannot be read is taken for the successor of the one before it.
    """
    by_number: dict[int, list[int]] = {}
    for index, (_, number) in enumerate(put):
        by_number.setdefault(number, []).append(index)
    found: list[int] = []
    for one in shown:
        before = found[-1] if found else -1
        fitting = by_number.get(one.number, []) if one.number is not None else []
        past = [index for index in fitting if put[index][0] <= one.at]
        found.append(past[-1] if past else before + 1)
    return found


def drawn(shown: Sequence[Shown]) -> list[int]:
    """Which of them a screen draws: of those that come between two refreshes the last."""
    last = {int(one.at * SCREEN_HZ): index for index, one in enumerate(shown)}
    return list(last.values())


def fresh_after_s(put: Sequence[tuple[float, int]], shown: Sequence[Shown], since: float) -> float:
    """Until a picture was shown that was taken since then; NEVER_S where none was."""
    for one, index in zip(shown, indexes(put, shown), strict=True):
        if one.at > since and index < len(put) and put[index][0] >= since:
            return one.at - since
    return NEVER_S


def score(
    clip: Clip,
    put: Sequence[tuple[float, int]],
    shown: Sequence[Shown],
    pictures: Sequence[Luma] | None,
    *,
    start: float,
    end: float,
) -> PictureScore:
    """Within two instants; without `pictures` SSIM is 0."""
    which, kept = indexes(put, shown), drawn(shown)
    which, shown = [which[one] for one in kept], [shown[one] for one in kept]
    if pictures is not None:
        pictures = [pictures[one] for one in kept]
    new_at, newest, latencies, lines = [start], -1, [], []
    for one, index in zip(shown, which, strict=True):
        if index > newest:
            newest = index
            if start <= one.at < end:
                new_at.append(one.at)
                latencies.append((one.at - put[min(index, len(put) - 1)][0]) * 1000)
                lines.append(float(one.height))
    gaps = np.diff([*new_at, end])
    ssims = [0.0]
    if pictures is not None:
        ssims = _ssims(clip, put, which, pictures, start, end) or [0.0]
    return PictureScore(
        fps=(len(new_at) - 1) / (end - start),
        freezes=int((gaps > FREEZE_S).sum()) if latencies else round((end - start) / FREEZE_S),
        frozen_s=float(gaps[gaps > FREEZE_S].sum()),
        longest_gap_s=float(gaps.max()),
        latency_p50_ms=percentile(latencies, 50) if latencies else float(1000 * (end - start)),
        latency_p95_ms=percentile(latencies, 95) if latencies else float(1000 * (end - start)),
        ssim_p50=percentile(ssims, 50),
        ssim_p5=percentile(ssims, 5),
        lines=percentile(lines, 50) if lines else 0.0,
    )


def _ssims(
    clip: Clip,
    put: Sequence[tuple[float, int]],
    which: Sequence[int],
    pictures: Sequence[Luma],
    start: float,
    end: float,
) -> list[float]:
    source = clip.open()
    found = []
    place, shown_at = -1, -1
    scaled: Luma | None = None
    order = sorted(range(len(which)), key=lambda one: which[one])
    for index, (at, number) in enumerate(put):
        while place + 1 < len(order) and which[order[place + 1]] <= index:
            place += 1
        if not start <= at < end:
            continue
        if place < 0:
            found.append(0.0)
            continue
        if shown_at != place:
            scaled, shown_at = at_size(pictures[order[place]], clip.width, clip.height), place
        assert scaled is not None
        luma = source[number][: clip.width * clip.height].reshape(clip.height, clip.width)
        found.append(ssim(luma, scaled))
    return found


def at_size(luma: Luma, width: int, height: int) -> Luma:
    """As a screen would show it."""
    if luma.shape == (height, width):
        return luma
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(luma), format="gray")
    scaled = frame.reformat(width, height, format="gray", interpolation="BICUBIC")
    return np.asarray(scaled.to_ndarray(), np.uint8)


def read_number(luma: Luma, clip: Clip) -> int | None:
    return barcode.read(luma, clip.width, clip.height)


def ssim(one: Luma, other: Luma) -> float:
    """Mean over windows of 8 x 8 pixels, every 4th pixel."""
    a, b = one.astype(np.float32), other.astype(np.float32)
    sum_a, sum_b = _windows(a), _windows(b)
    squares, products = _windows(a * a + b * b), _windows(a * b)
    count = 64.0
    variance = squares / count - (sum_a / count) ** 2 - (sum_b / count) ** 2
    covariance = products / count - sum_a * sum_b / count**2
    mean_a, mean_b = sum_a / count, sum_b / count
    structure = (2 * covariance + C2) / (variance + C2)
    light = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    return float((structure * light).mean())


def _windows(plane: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Sums of 8 x 8, every 4th pixel."""
    high, wide = plane.shape[0] // 4, plane.shape[1] // 4
    blocks = plane[: high * 4, : wide * 4].reshape(high, 4, wide, 4).sum(axis=(1, 3))
    return np.asarray(blocks[:-1, :-1] + blocks[1:, :-1] + blocks[:-1, 1:] + blocks[1:, 1:])
