"""Invented body sounds for the gallery: a heart of 72 beats a minute, drawn and never heard."""

import math
from array import array
from dataclasses import replace
from functools import cache

from app.domain.body_sites import Aspect, Site
from app.domain.curve import PAIRS_PER_S, STRIPS_PER_S, CurveKind, SoundShape, Strip
from app.domain.engine import SoundFault
from app.domain.listening import SoundBand
from ui.shown import MarkShown, SiteShown, TimelineShown
from ui.tone import Tone
from ui.view_models.choices import ChoiceScreen
from ui.view_models.kept_sounds import KeptSoundsScreen, PaperScreen
from ui.view_models.live_sound import LiveSoundScreen
from ui.view_models.scope import ScopeScreen
from ui.view_models.sound_words import (
    band_choices,
    fault_words,
    gain_choices,
    heart_words,
    site_name,
    site_short,
    sites_of,
    speed_choices,
)
from ui.wording import isolate, text

BEAT_S = 60 / 72
COLUMN_BYTES = 128


def _loudness(at_s: float) -> float:
    """Two sounds in each beat, and a little noise between."""
    phase = at_s % BEAT_S
    first, second = (
        math.exp(-(((phase - 0.08) / 0.03) ** 2)),
        math.exp(-(((phase - 0.4) / 0.02) ** 2)),
    )
    return 0.02 + 0.5 * first + 0.33 * second


def _pairs(first: int, count: int) -> bytes:
    values = array("h")
    for place in range(first, first + count):
        height = _loudness(place / PAIRS_PER_S) * (0.75 + 0.25 * math.sin(place * 2.1))
        values.extend((round(-9000 * height), round(9000 * height * (0.7 + 0.3 * math.cos(place)))))
    return values.tobytes()


def _column(at_s: float) -> bytes:
    loud = 150 * _loudness(at_s) ** 0.4
    return bytes(
        min(255, round(60 + loud * math.exp(-band / 22) + 18 * math.sin(band + at_s * 9)))
        for band in range(COLUMN_BYTES)
    )


def heart_strips(seconds: float, hole_s: float | None = None) -> list[Strip]:
    """`hole_s`: where half a second did not come in time."""
    return list(_strips(seconds, hole_s))


@cache
def _strips(seconds: float, hole_s: float | None) -> tuple[Strip, ...]:
    """Made once: every page of the gallery shows the same heart, and it takes half a second."""
    strips, each = [], PAIRS_PER_S // STRIPS_PER_S
    for place in range(round(seconds * STRIPS_PER_S)):
        at_s = place / STRIPS_PER_S
        is_hole = hole_s is not None and hole_s <= at_s < hole_s + 0.5
        sound = b"" if is_hole else _pairs(place * each, each)
        strips.append(Strip(1, CurveKind.SOUND, at_s, 1 / STRIPS_PER_S, sound))
        if not is_hole:
            strips.append(Strip(1, CurveKind.SPECTRUM, at_s, 1 / STRIPS_PER_S, _column(at_s)))
    return tuple(strips)


def _shape(seconds: float) -> SoundShape:
    return SoundShape(
        seconds=seconds,
        peaks=bytes(120 + round(90 * _loudness(place / 4)) for place in range(round(seconds * 4))),
        pairs=_pairs(0, round(seconds * PAIRS_PER_S)),
        columns=b"".join(_column(place / STRIPS_PER_S) for place in range(round(seconds * 30))),
        column_bytes=COLUMN_BYTES,
        columns_per_s=STRIPS_PER_S,
    )


def _sites(aspect: Aspect, chosen: Site | None, live: Site | None) -> tuple[SiteShown, ...]:
    return tuple(
        SiteShown(
            site,
            site_short(site),
            site_name(site),
            is_chosen=site is chosen,
            is_live=site is live,
            is_recorded=site is Site.AORTIC,
            can_choose=site is Site.AORTIC or chosen is not None,
        )
        for site in sites_of(aspect)
    )


MARKS = (
    MarkShown(0.08, 0.08, text("label.s1")),
    MarkShown(0.4, 0.4, text("label.s2")),
    MarkShown(2.0, 2.9, text("label.murmur")),
)
TIMELINE = TimelineShown(
    seconds=21.5,
    peaks=bytes([150, 210, 240] * 24 + [255] * 8 + [170] * 8),
    late=((6.0, 9.5),),
    gaps_s=(14.0,),
    marks=MARKS,
    spoken=f"{text('timeline.late', span=isolate('4 s'))} "
    f"{text('timeline.gaps', count=1, span=isolate('7 s'))}",
)
HEART, HEART_TONE = heart_words(72.4, 0.93)
DOUBTFUL, DOUBTFUL_TONE = heart_words(72.4, 0.31)
BANDS = band_choices((SoundBand.BELL, SoundBand.DIAPHRAGM, SoundBand.LUNG))

LIVE = LiveSoundScreen(
    title=text("scope.receiving", site=site_name(Site.MITRAL)),
    tone=Tone.ATTENTION,
    is_live=True,
    way=text("scope.way.lossless"),
    way_tone=Tone.GOOD,
    delay=text("scope.delay", behind=isolate("0.3 s")),
    heart=HEART,
    heart_tone=HEART_TONE,
    progress=text("scope.progress", length=isolate("21.5 s")),
    timeline=TIMELINE,
    can_label=True,
    is_listening=True,
    listen_hint=text("scope.listen-far"),
    bands=BANDS,
    band="bell",
    gains=gain_choices(),
    gain="6",
)
LIVE_NARROW = replace(
    LIVE,
    way=text("scope.way.monitor"),
    way_tone=Tone.ATTENTION,
    delay=text("scope.delay-long", behind=isolate("0.8 s")),
    delay_tone=Tone.ATTENTION,
    heart=DOUBTFUL,
    heart_tone=DOUBTFUL_TONE,
    faults=fault_words((SoundFault.QUIET, SoundFault.LOUD_ROOM)),
    progress=text("scope.progress-missing", length=isolate("21.5 s"), count=34),
    is_listening=False,
)
LIVE_AWAY = replace(
    LIVE,
    title=text("scope.away", site=site_name(Site.MITRAL)),
    tone=Tone.BAD,
    is_live=False,
    listen_hint=text("scope.listen-hint"),
    delay="",
)
LIVE_NONE = LiveSoundScreen(
    title=text("scope.idle"),
    proof=f"{text('scope.proof', percent=isolate('100 %'))} ({isolate('3f9a 02c4')})",
    proof_tone=Tone.GOOD,
    bands=BANDS,
    gains=gain_choices(),
    listen_hint=text("scope.listen-far"),
)
NAMED = [
    text("kept.named", site=site_name(site), time=isolate(time), length=isolate("20.0 s"))
    for site, time in ((Site.MITRAL, "14:02"), (Site.AORTIC, "20-Oct-2026 13:55"))
]
PROOF = text("kept.proof", percent=isolate("100 %"), hash=isolate("3f9a 02c4"))
FIRST = PaperScreen(
    is_shown=True,
    head=NAMED[0],
    facts=HEART,
    facts_tone=HEART_TONE,
    proof=PROOF,
    proof_tone=Tone.GOOD,
    shape=_shape(20.0),
    gain=3.0,
    timeline=replace(TIMELINE, seconds=20.0, peaks=bytes([170, 190, 210] * 27), late=()),
    marks=MARKS,
)
KEPT = KeptSoundsScreen(
    choices=(ChoiceScreen("1", NAMED[0]), ChoiceScreen("2", NAMED[1])),
    first_choice="1",
    first=FIRST,
    can_play=True,
    bands=BANDS,
    gains=gain_choices(),
    speeds=speed_choices(),
    own_marks=(ChoiceScreen("3", text("label.at", words="S1", at=isolate("0.1 s"))),),
    can_label=True,
    can_export=True,
)
KEPT_BESIDE = replace(
    KEPT,
    second_choice="2",
    second=replace(FIRST, head=NAMED[1], facts=DOUBTFUL, facts_tone=DOUBTFUL_TONE, marks=()),
    is_playing=True,
    can_play_second=True,
    is_level=True,
    is_looped=True,
    note=text("kept.level"),
)
KEPT_COMING = replace(
    KEPT,
    first=replace(
        FIRST, shape=None, proof=text("kept.coming"), proof_tone=Tone.ATTENTION, facts=""
    ),
    can_play=False,
    can_label=False,
    own_marks=(),
)

FAR = ScopeScreen(is_open=True, sites=_sites(Aspect.FRONT, None, Site.MITRAL), live=LIVE)
FAR_NARROW = replace(FAR, live=LIVE_NARROW)
FAR_NONE = replace(FAR, live=LIVE_NONE, sites=_sites(Aspect.FRONT, None, None))
FAR_KEPT = replace(FAR_NONE, shows_kept=True, kept=KEPT)
FAR_BESIDE = replace(FAR_KEPT, kept=KEPT_BESIDE)
FAR_COMING = replace(FAR_KEPT, kept=KEPT_COMING)
CART = ScopeScreen(
    is_open=True,
    has_controls=True,
    sites=_sites(Aspect.FRONT, Site.MITRAL, None),
    chosen=site_name(Site.MITRAL),
    can_start=True,
    live=replace(LIVE_NONE, listen_hint=text("scope.listen-hint"), proof=""),
)
CART_RUNNING = replace(
    CART,
    sites=_sites(Aspect.FRONT, Site.MITRAL, Site.MITRAL),
    can_start=False,
    is_running=True,
    live=replace(
        LIVE,
        title=text("scope.recording", site=site_name(Site.MITRAL)),
        delay="",
        listen_hint=text("scope.listen-hint"),
        is_listening=False,
    ),
)
CART_AWAY = replace(CART_RUNNING, live=LIVE_AWAY)
CART_BACK = replace(
    CART,
    aspect=Aspect.BACK,
    sites=_sites(Aspect.BACK, Site.LUNG_BACK_LEFT_LOWER, None),
    chosen=site_name(Site.LUNG_BACK_LEFT_LOWER),
)
CART_KEPT = replace(CART, shows_kept=True, kept=KEPT)
CART_BESIDE = replace(CART, shows_kept=True, kept=KEPT_BESIDE)
