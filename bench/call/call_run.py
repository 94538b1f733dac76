"""One call on one line by one peer: joined, watched, written down, and scored when it is over."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.call import picture_score, seen, speech_score
from bench.call.clip import clip_of
from bench.call.facts import MORE_IS_BETTER, NEVER_S, Facts, Void, nothing_came
from bench.call.link import Link, why_void
from bench.call.pair import Pair
from bench.call.situations import Situation
from bench.call.speech_judge import judge

JOIN_LIMIT_S = 20.0
FLOW_EVERY_S = 0.1
HELD_EVERY_S = 5.0
START_RATE_BIT_S = 1_000_000
FULL_FPS = 25

MakePair = Callable[[Link, Situation], Pair]


async def call(link: Link, make: MakePair, situation: Situation, seed: int) -> list[Facts]:
    """Measures by name; those of two sides are the worse of both."""
    await link.begin(situation.shapes, seed)
    pair = make(link, situation)
    try:
        await pair.open()
        return [await _watch(link, pair, situation)]
    finally:
        await pair.close()


async def _watch(link: Link, pair: Pair, situation: Situation) -> Facts:
    joined_s = await pair.join(JOIN_LIMIT_S)
    if joined_s is None and not pair.has_been_up:
        return nothing_came(situation.watch_s)
    await asyncio.sleep(situation.settle_s)
    await link.mark()
    before_bytes = (await link.counts())["ways"][0]["passed_bytes"]
    start, cpu_before = time.monotonic(), [end.cpu_s() for end in pair.ends]
    if situation.steps:
        await link.plan((situation.steps, situation.steps))
    held = await _held_while(pair, situation.watch_s)
    end, cpu_after = time.monotonic(), [one.cpu_s() for one in pair.ends]
    counts = await link.counts()
    if pair.gone:
        return nothing_came(situation.watch_s)
    if not situation.steps and (why := why_void(situation.shapes, counts)):
        raise Void(why)
    await asyncio.sleep(speech_score.LATEST_S)  # what was said last is still on its way
    facts: Facts = {
        "join_s": NEVER_S if joined_s is None else joined_s,
        "losses": float(len(pair.lost_at)),
    }
    for side, (before, after) in enumerate(zip(cpu_before, cpu_after, strict=True)):
        facts[f"cpu_{side}"] = (sum(after.values()) - sum(before.values())) / (end - start)
    facts["cpu"] = facts["cpu_0"] + facts["cpu_1"]
    facts["queue_p95_ms"] = max(way["wait_p95_ms"] for way in counts["ways"])
    facts["queue_p50_ms"] = max(way["wait_p50_ms"] for way in counts["ways"])
    passed = counts["ways"][0]["passed_bytes"] - before_bytes
    facts["growth_mb_h"] = max(_growth_mb_h(bytes_) for bytes_ in held)
    facts["kbit_s"] = passed * 8 / 1000 / (end - start)
    with tempfile.TemporaryDirectory(prefix="bedside-bench-") as name:
        folders = [Path(name) / str(side) for side in (0, 1)]
        for folder, one in zip(folders, pair.ends, strict=True):
            folder.mkdir()
            await one.write(folder)
        pair.hang_up()
        return facts | scored(folders, situation, start, end)


async def _held_while(pair: Pair, watch_s: float) -> list[list[tuple[float, int]]]:
    """For each side: (instant, resident bytes) again and again."""
    began_at = time.monotonic()
    held: list[list[tuple[float, int]]] = [[], []]
    while (left_s := began_at + watch_s - time.monotonic()) > 0:
        for looks, end in zip(held, pair.ends, strict=True):
            looks.append((time.monotonic(), end.resident_bytes()))
        await asyncio.sleep(min(left_s, HELD_EVERY_S))
    return held


def _growth_mb_h(looks: list[tuple[float, int]]) -> float:
    """The slope of the later half: what was needed to begin is none."""
    later = looks[len(looks) // 2 :]
    if len(later) < 3:
        return 0.0
    slope = np.polyfit([at - later[0][0] for at, _ in later], [held for _, held in later], 1)[0]
    return float(slope) * 3600 / 1e6


def scored(folders: list[Path], situation: Situation, start: float, end: float) -> Facts:
    """The worse of the two sides where both see and hear."""
    clip = clip_of(situation.width, situation.height, situation.fps)
    with_pixels = situation.setting(1).keeps_pixels
    both = [
        seen.read(folder, clip, with_pixels=with_pixels, takes_turns=not situation.is_one_way)
        for folder in folders
    ]
    found = []
    for side in situation.watched_sides:
        here, there = both[side], both[1 - side]
        picture = picture_score.score(
            clip, there.put, here.shown, here.pictures, start=start, end=end
        )
        voice = speech_score.score(
            there.said, here.heard, here.heard_at, judge, start=start, end=end
        )
        facts = {
            "pesq": voice.pesq,
            "stoi": voice.stoi,
            "voice_delay_ms": voice.delay_ms,
            "voice_gap_ms": voice.longest_gap_ms,
            "voice_missing_percent": voice.missing_percent,
            "fps": picture.fps,
            "freezes": float(picture.freezes),
            "frozen_s": picture.frozen_s,
            "longest_gap_s": picture.longest_gap_s,
            "latency_p50_ms": picture.latency_p50_ms,
            "latency_p95_ms": picture.latency_p95_ms,
            "ssim_p50": picture.ssim_p50,
            "ssim_p5": picture.ssim_p5,
            "lines": picture.lines,
            "lip_sync_ms": abs(voice.delay_ms - picture.latency_p50_ms),
        }
        facts |= seen.ladder_steps(there.measures, start, end)
        if situation.steps:
            facts["full_again_s"] = _full_again_s(here, situation, start)
        found.append(facts)
    return {
        name: (min if name in MORE_IS_BETTER else max)(facts.get(name, 0.0) for facts in found)
        for name in {name: None for facts in found for name in facts}
    }


def _full_again_s(here: seen.Seen, situation: Situation, start: float) -> float:
    """From the last change of the line to a full picture that goes on for a second."""
    since = start + situation.steps[-1][0]
    full = [one.at for one in here.shown if one.at >= since and one.height == situation.height]
    for first, at in enumerate(full):
        if sum(at <= other < at + 1 for other in full[first:]) >= FULL_FPS:
            return at - since
    return NEVER_S


async def start(link: Link, make: MakePair, situation: Situation, seed: int) -> list[Facts]:
    """How soon after the click the line carries a full picture's rate."""
    await link.begin(situation.shapes, seed)
    pair = make(link, situation)
    try:
        await pair.open()
        flow: list[tuple[float, float]] = []
        clicked_at = time.monotonic()
        if await pair.join(JOIN_LIMIT_S) is None:
            return [{"megabit_after_s": NEVER_S}]
        while time.monotonic() - clicked_at < situation.watch_s:
            passed = (await link.counts())["ways"][0]["passed_bytes"]
            flow.append((time.monotonic() - clicked_at, passed))
            await asyncio.sleep(FLOW_EVERY_S)
        return [{"megabit_after_s": _reached(flow, START_RATE_BIT_S)}]
    finally:
        await pair.close()


def _reached(flow: list[tuple[float, float]], rate_bit_s: float) -> float:
    """The first instant whose last half second had that rate."""
    for at, passed in flow:
        before = [one for one in flow if at - 0.7 <= one[0] <= at - 0.5]
        if before and (passed - before[-1][1]) * 8 / (at - before[-1][0]) >= rate_bit_s:
            return at
    return NEVER_S
