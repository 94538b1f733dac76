"""The body sound that runs, ours or the far instrument's: how it comes, what is heard, what is set
down on its time.
"""

import base64
from dataclasses import dataclass

from app.domain.clock import Clock
from app.domain.engine import ScopeProgress, ScopeProof, ScopeTimeline
from app.domain.ids import RecordId
from app.domain.listening import SoundBand
from app.domain.recordings import SoundGap
from app.domain.sound_labels import SoundLabel
from app.services.listening import ListeningState
from app.services.recordings import RecordingsState, ScopePhase
from ui import wording
from ui.shown import NO_TIMELINE, MarkShown, TimelineShown
from ui.tone import Tone
from ui.view_models.choices import ChoiceScreen
from ui.view_models.sound_words import (
    AS_RECORDED,
    band_choices,
    delay_words,
    fault_words,
    gain_choices,
    heart_words,
    label_words,
    site_name,
    way_words,
)

WIDE_FROM_HZ = 8000
FRESH_S = 1.5


@dataclass(frozen=True, slots=True)
class LiveSoundScreen:
    """`is_live` False: the curves are greyed, nothing new comes."""

    title: str = ""
    tone: Tone = Tone.PLAIN
    is_live: bool = False
    way: str = ""
    way_tone: Tone = Tone.PLAIN
    delay: str = ""
    delay_tone: Tone = Tone.PLAIN
    heart: str = ""
    heart_tone: Tone = Tone.PLAIN
    faults: str = ""
    progress: str = ""
    proof: str = ""
    proof_tone: Tone = Tone.PLAIN
    timeline: TimelineShown = NO_TIMELINE
    can_label: bool = False
    is_listening: bool = False
    listen_hint: str = ""
    bands: tuple[ChoiceScreen, ...] = ()
    band: str = AS_RECORDED
    gains: tuple[ChoiceScreen, ...] = ()
    gain: str = "0"


def live_sound(
    state: RecordingsState,
    listening: ListeningState,
    labels: tuple[SoundLabel, ...],
    *,
    heard_at_s: float,
    clock: Clock,
    has_instrument: bool,
    idle: str,
) -> LiveSoundScreen:
    """`heard_at_s`: when a word of it came last; `idle`: what is said while none runs."""
    progress, live = state.progress, listening.live
    is_running = state.phase is ScopePhase.RUNNING and progress is not None
    screen = LiveSoundScreen(
        title=idle,
        is_listening=live.is_on,
        listen_hint=wording.text("scope.listen-hint" if has_instrument else "scope.listen-far"),
        bands=band_choices(_bands_of(progress)),
        band=AS_RECORDED if live.band is None else str(live.band),
        gains=gain_choices(),
        gain=str(live.gain_db),
        proof=proof_words(state)[0],
        proof_tone=proof_words(state)[1],
        timeline=timeline_shown(state.timeline, progress, labels),
    )
    if not is_running or progress is None:
        return screen
    return _running(screen, progress, clock.monotonic() - heard_at_s < FRESH_S)


def _running(screen: LiveSoundScreen, progress: ScopeProgress, is_fresh: bool) -> LiveSoundScreen:
    way, way_tone = way_words(progress)
    delay, delay_tone = delay_words(progress)
    heart, heart_tone = heart_words(progress.heart_rate_bpm, progress.heart_confidence)
    key = "scope.recording" if progress.is_ours else "scope.receiving"
    title = wording.text(key, site=site_name(progress.site))
    if progress.is_away:
        title = wording.text("scope.away", site=site_name(progress.site))
    return LiveSoundScreen(
        title=title,
        tone=Tone.BAD if progress.is_away else Tone.ATTENTION,
        is_live=is_fresh and not progress.is_away,
        way=way,
        way_tone=way_tone,
        delay=delay,
        delay_tone=delay_tone,
        heart=heart,
        heart_tone=heart_tone,
        faults=fault_words(progress.faults),
        progress=progress_words(progress),
        timeline=screen.timeline,
        can_label=True,
        is_listening=screen.is_listening,
        listen_hint=screen.listen_hint,
        bands=screen.bands,
        band=screen.band,
        gains=screen.gains,
        gain=screen.gain,
    )


def progress_words(progress: ScopeProgress | None) -> str:
    if progress is None:
        return ""
    length = wording.seconds_long(progress.seconds)
    if progress.is_ours and not progress.is_line_up:
        return f"{length}. {wording.text('scope.line-down')}"
    # Our own blocks that the far end has not acknowledged are on their way, not missing.
    if progress.missing_blocks and not progress.is_ours:
        count = progress.missing_blocks
        return wording.text("scope.progress-missing", length=length, count=count)
    return wording.text("scope.progress", length=length)


def proof_words(state: RecordingsState) -> tuple[str, Tone]:
    """Only hashes that were computed at both ends make a proof."""
    if state.done is None:
        return "", Tone.PLAIN
    proof: ScopeProof | None = state.proof
    if proof is None:
        return wording.text("scope.proof-pending"), Tone.ATTENTION
    if not proof.matches or proof.far_sha256 != state.done.sha256:
        return wording.text("scope.proof-differs"), Tone.BAD
    words = wording.text("scope.proof", percent=wording.isolate("100 %"))
    return f"{words} ({wording.fingerprint(state.done.sha256)})", Tone.GOOD


def timeline_shown(
    timeline: ScopeTimeline | None, progress: ScopeProgress | None, labels: tuple[SoundLabel, ...]
) -> TimelineShown:
    if timeline is None or progress is None or timeline.recording != progress.recording:
        return NO_TIMELINE
    rate_hz = progress.sample_rate_hz or 1
    late = tuple((span.start_s, span.end_s) for span in timeline.late)
    return TimelineShown(
        seconds=timeline.seconds,
        peaks=base64.b64decode(timeline.peaks),
        late=late,
        gaps_s=gap_places(timeline.gaps, rate_hz),
        marks=marks_of(labels, timeline.recording, rate_hz),
        spoken=spoken_gaps(late, timeline.gaps),
    )


def gap_places(gaps: tuple[SoundGap, ...], rate_hz: int) -> tuple[float, ...]:
    return tuple(gap.at_sample / rate_hz for gap in gaps)


def spoken_gaps(late: tuple[tuple[float, float], ...], gaps: tuple[SoundGap, ...]) -> str:
    """What the colours say, in words."""
    words = []
    if late:
        span = _span(sum(end - start for start, end in late))
        words.append(wording.text("timeline.late", span=span))
    if gaps:
        span = _span(sum(gap.missing_ms for gap in gaps) / 1000)
        words.append(wording.text("timeline.gaps", count=len(gaps), span=span))
    return " ".join(words)


def _span(seconds: float) -> str:
    """Never "0 s" of something that was."""
    words = f"{seconds:.0f} s" if seconds >= 1 else f"{max(seconds, 0.1):.1f} s"
    return wording.isolate(words)


def marks_of(
    labels: tuple[SoundLabel, ...], recording: RecordId, rate_hz: int
) -> tuple[MarkShown, ...]:
    return tuple(
        MarkShown(label.at_sample / rate_hz, label.to_sample / rate_hz, label_words(label))
        for label in sorted(labels, key=lambda one: one.at_sample)
        if label.recording == recording
    )


def _bands_of(progress: ScopeProgress | None) -> tuple[SoundBand, ...]:
    rate_hz = 0 if progress is None else progress.sample_rate_hz
    is_wide = rate_hz >= WIDE_FROM_HZ
    return tuple(band for band in SoundBand if is_wide or band is not SoundBand.WIDE)
