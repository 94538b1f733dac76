"""Kept body sounds: which there are, two of them on paper, what plays, what is marked on them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.curve import SoundShape
from app.domain.ids import PersonId, RecordId
from app.domain.listening import Slot, SoundBand
from app.domain.recordings import Recording
from app.domain.sound_labels import SoundLabel
from app.services.listening import ListeningState, Opened
from ui import wording
from ui.shown import NO_TIMELINE, MarkShown, TimelineShown
from ui.tone import Tone
from ui.view_models.choices import ChoiceScreen
from ui.view_models.live_sound import gap_places, marks_of, spoken_gaps
from ui.view_models.sound_words import (
    AS_RECORDED,
    band_choices,
    fault_words,
    gain_choices,
    heart_words,
    label_words,
    site_name,
    speed_choices,
)

NOBODY = ""  # the key of no recording
FULL_SCALE = 32767
PAPER_SHARE = 0.89  # of the height, for the loudest of both
MOST_GAIN = 30.0


@dataclass(frozen=True, slots=True)
class PaperScreen:
    """One slot. `gain` of the drawing is the same in both, so that they can be compared."""

    is_shown: bool = False
    head: str = ""
    facts: str = ""  # heart rate, what is wrong with it
    facts_tone: Tone = Tone.PLAIN
    proof: str = ""
    proof_tone: Tone = Tone.PLAIN
    shape: SoundShape | None = None
    gain: float = 1.0
    timeline: TimelineShown = NO_TIMELINE
    marks: tuple[MarkShown, ...] = ()


NO_PAPER = PaperScreen()


@dataclass(frozen=True, slots=True)
class KeptSoundsScreen:
    choices: tuple[ChoiceScreen, ...] = ()
    first_choice: str = NOBODY
    second_choice: str = NOBODY
    first: PaperScreen = NO_PAPER
    second: PaperScreen = NO_PAPER
    is_playing: bool = False
    can_play: bool = False
    can_play_second: bool = False
    bands: tuple[ChoiceScreen, ...] = ()
    band: str = AS_RECORDED
    gains: tuple[ChoiceScreen, ...] = ()
    gain: str = "0"
    speeds: tuple[ChoiceScreen, ...] = ()
    speed: str = "1.0"
    is_looped: bool = False
    is_level: bool = False
    note: str = ""  # equal gain, no loudspeaker, saved
    note_tone: Tone = Tone.PLAIN
    own_marks: tuple[ChoiceScreen, ...] = ()  # which their author may take back
    can_label: bool = False
    can_export: bool = False


@dataclass(frozen=True, slots=True)
class HowPlayed:
    """What the person chose for playback; stays from one recording to the next."""

    band: str = AS_RECORDED
    gain: str = "0"
    speed: str = "1.0"
    is_looped: bool = False


def kept_sounds(
    recordings: tuple[Recording, ...],
    labels: tuple[SoundLabel, ...],
    listening: ListeningState,
    how: HowPlayed,
    *,
    own: PersonId | None,
    now: datetime,
) -> KeptSoundsScreen:
    first, second = (listening.opened.get(slot) for slot in Slot)
    gain = _gain_for(first, second)
    is_ready = first is not None and first.sound is not None
    is_level = is_ready and second is not None and second.sound is not None
    return KeptSoundsScreen(
        choices=tuple(ChoiceScreen(str(item.id), _named(item, now)) for item in recordings),
        first_choice=_key_of(first),
        second_choice=_key_of(second),
        first=_paper(first, labels, gain, now),
        second=_paper(second, labels, gain, now),
        is_playing=listening.playing is not None,
        can_play=is_ready,
        can_play_second=is_level,
        bands=band_choices(_bands_of(first)),
        band=how.band,
        gains=gain_choices(),
        gain=how.gain,
        speeds=speed_choices(),
        speed=how.speed,
        is_looped=how.is_looped,
        is_level=is_level,
        note=_note(listening, is_level=is_level)[0],
        note_tone=_note(listening, is_level=is_level)[1],
        own_marks=_own_marks(first, labels, own),
        can_label=is_ready,
        can_export=first is not None,
    )


def _named(item: Recording, now: datetime) -> str:
    made, length = wording.moment(item.recorded_at, now), wording.seconds_long(item.seconds)
    words = wording.text("kept.named", site=site_name(item.site), time=made, length=length)
    return words if item.continues is None else wording.text("kept.part", recording=words)


def _key_of(opened: Opened | None) -> str:
    return NOBODY if opened is None else str(opened.recording.id)


def _bands_of(first: Opened | None) -> tuple[SoundBand, ...]:
    if first is None or first.sound is None:
        return tuple(SoundBand)
    return first.sound.bands


def _gain_for(first: Opened | None, second: Opened | None) -> float:
    sounds = [one.sound for one in (first, second) if one is not None]
    peak = max((sound.peak for sound in sounds if sound is not None), default=0)
    return min(MOST_GAIN, PAPER_SHARE * FULL_SCALE / peak) if peak else 1.0


def _paper(
    opened: Opened | None, labels: tuple[SoundLabel, ...], gain: float, now: datetime
) -> PaperScreen:
    if opened is None:
        return PaperScreen()
    recording, sound = opened.recording, opened.sound
    marks = marks_of(labels, recording.id, recording.sample_rate_hz)
    facts, facts_tone = "", Tone.PLAIN
    if sound is not None:
        facts, facts_tone = heart_words(sound.heart_rate_bpm, sound.heart_confidence)
        facts = f"{facts} {fault_words(sound.faults)}".strip()
    proof, proof_tone = _proof(opened)
    return PaperScreen(
        is_shown=True,
        head=_named(recording, now),
        facts=facts,
        facts_tone=facts_tone,
        proof=proof,
        proof_tone=proof_tone,
        shape=None if sound is None else sound.shape,
        gain=gain,
        timeline=TimelineShown(
            seconds=recording.seconds,
            peaks=b"" if sound is None else sound.shape.peaks,
            gaps_s=gap_places(recording.gaps, recording.sample_rate_hz),
            marks=marks,
            spoken=spoken_gaps((), recording.gaps),
        ),
        marks=marks,
    )


def _proof(opened: Opened) -> tuple[str, Tone]:
    """It stands here only when its hash was computed here and is the one in the record."""
    if opened.code is not None:
        return wording.failure(opened.code), Tone.BAD
    if opened.sound is None:
        return wording.text("kept.coming"), Tone.ATTENTION
    recording = opened.recording
    words = wording.text(
        "kept.proof",
        percent=wording.isolate("100 %"),
        hash=wording.fingerprint(recording.sha256),
    )
    if not recording.is_complete:
        return f"{words} {wording.text('kept.cut-short')}", Tone.ATTENTION
    return words, Tone.GOOD


def _own_marks(
    first: Opened | None, labels: tuple[SoundLabel, ...], own: PersonId | None
) -> tuple[ChoiceScreen, ...]:
    if first is None:
        return ()
    rate_hz = first.recording.sample_rate_hz
    return tuple(
        ChoiceScreen(
            str(label.id),
            wording.text(
                "label.at",
                words=label_words(label),
                at=wording.isolate(f"{label.at_sample / rate_hz:.1f} s"),
            ),
        )
        for label in sorted(labels, key=lambda one: one.at_sample)
        if label.recording == first.recording.id and label.author == own
    )


def _note(listening: ListeningState, *, is_level: bool) -> tuple[str, Tone]:
    if listening.playing is not None and not listening.is_heard:
        return wording.text("kept.no-speaker"), Tone.BAD
    if listening.saved is not None:
        key = "kept.saved" if listening.saved.is_same_samples else "kept.saved-thinned"
        return wording.text(key, form=wording.text(f"form.{listening.saved.form}")), Tone.GOOD
    if is_level:
        return wording.text("kept.level"), Tone.PLAIN
    return "", Tone.PLAIN


def recording_of(key: str) -> RecordId | None:
    return None if key == NOBODY else RecordId(UUID(key))
