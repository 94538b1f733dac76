"""Words for what a body sound is: where, which way it comes, how late, how fast the heart beats."""

from app.domain.body_sites import Aspect, Site, aspect_of
from app.domain.engine import LiveWay, ScopeProgress, SoundFault
from app.domain.listening import GAINS_DB, SPEEDS, SoundBand
from app.domain.sound_labels import LabelKind, SoundLabel
from ui import wording
from ui.tone import Tone
from ui.view_models.choices import ChoiceScreen

DELAY_SAID_MS = 600.0  # a larger one is a warning
SURE, LIKELY = 0.8, 0.5
KNOWN_SITES = {str(site): site for site in Site}
KNOWN_LABELS = frozenset(str(kind) for kind in LabelKind)
AS_RECORDED = "none"


def site_name(site: str) -> str:
    """A place of ours by its name; what somebody wrote as it stands."""
    return wording.text(f"scope.site.{site}") if site in KNOWN_SITES else site


def site_short(site: Site) -> str:
    return wording.text(f"scope.short.{site}")


def sites_of(aspect: Aspect) -> tuple[Site, ...]:
    return tuple(site for site in Site if aspect_of(site) is aspect)


def way_words(progress: ScopeProgress) -> tuple[str, Tone]:
    """What the far end hears now, or what is heard here of it."""
    if not progress.is_line_up:
        return wording.text("scope.way.none"), Tone.ATTENTION
    match progress.way:
        case LiveWay.LOSSLESS:
            return wording.text("scope.way.lossless"), Tone.GOOD
        case LiveWay.MONITOR:
            return wording.text("scope.way.monitor"), Tone.ATTENTION
        case LiveWay.LATER:
            return wording.text("scope.way.later"), Tone.ATTENTION


def delay_words(progress: ScopeProgress) -> tuple[str, Tone]:
    """Of the far instrument: how far behind the body this is."""
    if progress.is_ours or progress.delay_ms is None:
        return "", Tone.PLAIN
    behind = wording.isolate(f"{progress.delay_ms / 1000:.1f} s")
    if progress.delay_ms > DELAY_SAID_MS:
        return wording.text("scope.delay-long", behind=behind), Tone.ATTENTION
    return wording.text("scope.delay", behind=behind), Tone.PLAIN


def heart_words(beats: float | None, confidence: float) -> tuple[str, Tone]:
    """Never a rate without how sure it is; a doubtful one is said to be none."""
    if beats is None:
        return wording.text("scope.heart-none"), Tone.PLAIN
    rate = wording.isolate(f"{beats:.0f} /min")
    percent = wording.isolate(f"{100 * confidence:.0f} %")
    if confidence >= SURE:
        return wording.text("scope.heart-sure", rate=rate, percent=percent), Tone.GOOD
    if confidence >= LIKELY:
        return wording.text("scope.heart-likely", rate=rate, percent=percent), Tone.ATTENTION
    return wording.text("scope.heart-doubtful", percent=percent), Tone.PLAIN


def fault_words(faults: tuple[SoundFault, ...]) -> str:
    return " ".join(wording.text(f"scope.fault.{fault}") for fault in faults)


def label_words(label: SoundLabel) -> str:
    """What stands on the curve: short."""
    kind = wording.text(f"label.{label.kind}") if label.kind in KNOWN_LABELS else label.kind
    if label.kind == LabelKind.TEXT:
        return label.text
    return f"{kind} {label.text}".strip()


def band_choices(bands: tuple[SoundBand, ...]) -> tuple[ChoiceScreen, ...]:
    named = [ChoiceScreen(str(band), wording.text(f"band.{band}")) for band in bands]
    return (ChoiceScreen(AS_RECORDED, wording.text("band.none")), *named)


def gain_choices() -> tuple[ChoiceScreen, ...]:
    return tuple(
        ChoiceScreen(str(gain), wording.text("gain.db", gain=wording.isolate(f"+{gain} dB")))
        for gain in GAINS_DB
    )


def speed_choices() -> tuple[ChoiceScreen, ...]:
    return tuple(ChoiceScreen(str(speed), wording.text(f"speed.{speed:g}")) for speed in SPEEDS)


def band_of(key: str) -> SoundBand | None:
    return None if key == AS_RECORDED else SoundBand(key)
