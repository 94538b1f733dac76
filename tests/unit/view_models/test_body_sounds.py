"""The page of body sounds: where, what runs, what is heard late, kept ones, marks, refusals."""

from dataclasses import replace

from app.domain.body_sites import Aspect, Site
from app.domain.device import Presence
from app.domain.engine import LiveWay, ScopeProgress, SoundFault, SoundPlaying
from app.domain.failures import Code, Unavailable
from app.domain.ids import RecordId, new_id
from app.domain.listening import Playing, Slot, SoundBand
from app.domain.recordings import SoundGap
from app.domain.sound_labels import LabelKind
from tests.fakes.time_loop import settled, until
from tests.unit.view_models.given import Screens
from tests.unit.view_models.test_instruments import WAV, found, recording
from ui import wording
from ui.tone import Tone
from ui.view_models.live_sound import spoken_gaps


def site(screens: Screens, which: Site) -> str:
    shown = [one for one in screens.scope.screen.sites if one.site is which]
    return shown[0].spoken if shown else ""


async def running(screens: Screens) -> ScopeProgress:
    recording_id, done = await recording(screens)
    screens.scope.open()
    progress = ScopeProgress(
        recording=recording_id,
        visit=done.visit,
        site="mitral",
        is_ours=False,
        seconds=4.0,
        level=0.2,
        missing_blocks=0,
        is_line_up=True,
        delay_ms=320.0,
        heart_rate_bpm=71.6,
        heart_confidence=0.9,
        sample_rate_hz=4000,
        at_s=3.7,
    )
    hears(screens, progress)
    return progress


def hears(screens: Screens, progress: ScopeProgress) -> None:
    screens.desk.recordings.heard_progress(progress)
    screens.scope.heard_progress(progress)


async def kept_one(screens: Screens) -> RecordId:
    recording_id, done = await recording(screens)
    screens.desk.recordings.heard_done(done)
    await until(lambda: screens.desk.chart.state.value.recordings)
    screens.scope.open()
    screens.scope.show_kept(True)
    await settled()
    return recording_id


async def test_the_site_is_chosen_on_the_body_and_recorded_from_there(cart: Screens) -> None:
    await cart.open_chart()
    found(cart)
    cart.scope.open()
    cart.scope.choose_site(Site.LUNG_BACK_LEFT_LOWER)
    screen = cart.scope.screen
    assert screen.aspect is Aspect.BACK
    assert "chosen" in site(cart, Site.LUNG_BACK_LEFT_LOWER).lower()
    assert screen.can_start
    cart.scope.start()
    await until(lambda: cart.scope.screen.is_running)
    assert cart.desk.engine.asked[-1][-1] == str(Site.LUNG_BACK_LEFT_LOWER)
    assert not any(one.can_choose for one in cart.scope.screen.sites)


async def test_without_an_instrument_it_is_said_and_not_begun(cart: Screens) -> None:
    await cart.open_chart()
    found(cart, Presence.MISSING)
    cart.scope.open()
    assert not cart.scope.screen.can_start
    assert cart.scope.screen.live.title == wording.text("scope.no-instrument")


async def test_what_is_wrong_with_the_instrument_is_said_on_its_page(cart: Screens) -> None:
    """As of a WAV with a wrong header that stands for one: there is no cable to be looked at."""
    await cart.open_chart()
    found(cart, Presence.MISSING, Code.DEVICE_UNUSABLE)
    cart.scope.open()
    assert not cart.scope.screen.can_start
    reason = wording.failure(Code.DEVICE_UNUSABLE)
    assert cart.scope.screen.live.title == wording.text("scope.unusable", reason=reason)
    found(cart)
    assert cart.scope.screen.live.title == wording.text("scope.idle")


async def test_rate_delay_and_way_are_said(cart: Screens) -> None:
    progress = await running(cart)
    live = cart.scope.screen.live
    assert "72" in live.heart
    assert live.delay == "" or live.delay_tone is not Tone.BAD
    hears(cart, replace(progress, delay_ms=900.0))
    assert "0.9" in wording.spoken(cart.scope.screen.live.delay)
    assert cart.scope.screen.live.delay_tone is Tone.ATTENTION
    hears(cart, replace(progress, way=LiveWay.MONITOR))
    assert cart.scope.screen.live.way_tone is Tone.ATTENTION
    hears(cart, replace(progress, way=LiveWay.LATER, delay_ms=None))
    assert cart.scope.screen.live.way != live.way


async def test_an_unsure_rate_is_not_said_as_a_sure_one(cart: Screens) -> None:
    progress = await running(cart)
    sure = cart.scope.screen.live.heart
    hears(cart, replace(progress, heart_confidence=0.2))
    unsure = cart.scope.screen.live
    assert unsure.heart != sure
    assert unsure.heart_tone is not Tone.GOOD
    hears(cart, replace(progress, heart_rate_bpm=None))
    assert "72" not in cart.scope.screen.live.heart


async def test_each_fault_is_a_plain_sentence(cart: Screens) -> None:
    progress = await running(cart)
    said = set()
    for fault in SoundFault:
        hears(cart, replace(progress, faults=(fault,)))
        words = cart.scope.screen.live.faults
        assert words and not words.startswith("?")
        said.add(words)
    assert len(said) == len(SoundFault)


async def test_a_mark_is_put_where_the_sound_is_now(cart: Screens) -> None:
    progress = await running(cart)
    await cart.desk.clock.passes(0.5)
    cart.scope.mark(str(LabelKind.S1), "")
    await until(lambda: cart.desk.chart.state.value.sound_labels)
    [label] = cart.desk.chart.state.value.sound_labels
    assert label.recording == progress.recording
    assert abs(label.at_sample - round(4.2 * 4000)) <= 40


async def test_free_words_that_say_nothing_are_refused_with_a_sentence(cart: Screens) -> None:
    await running(cart)
    cart.scope.mark(str(LabelKind.TEXT), "  ")
    await until(lambda: cart.scope.screen.message)
    assert cart.scope.screen.message == wording.failure(Code.NOTHING_TO_KEEP)


async def test_a_kept_sound_is_opened_by_itself_and_its_proof_is_said(cart: Screens) -> None:
    recording_id = await kept_one(cart)
    await until(lambda: cart.desk.engine.sounds.wavs == {Slot.FIRST: WAV})
    kept = cart.scope.screen.kept
    assert kept.first_choice == str(recording_id)
    assert not kept.can_play
    cart.desk.engine.sounds.opens(Slot.FIRST, recording_id)
    await until(lambda: cart.scope.screen.kept.can_play)
    assert cart.scope.screen.kept.first.shape is not None


async def test_filter_speed_and_loop_are_what_is_played(cart: Screens) -> None:
    recording_id = await kept_one(cart)
    cart.desk.engine.sounds.opens(Slot.FIRST, recording_id)
    await until(lambda: cart.scope.screen.kept.can_play)
    cart.scope.choose_playing("bell", "6", "0.5", True)
    cart.scope.play("first", 0.5, 1.5)
    await until(lambda: cart.scope.screen.kept.is_playing)
    playing = Playing(Slot.FIRST, 0.5, 1.5, SoundBand.BELL, 6, 0.5, True, False)
    assert cart.desk.engine.sounds.asked[-1] == ("play", playing)
    places: list[tuple[str, float]] = []
    cart.scope.moved.connect(lambda slot, at_s: places.append((slot, at_s)))
    cart.desk.listening.heard_playing(SoundPlaying(Slot.FIRST, 0.75, is_heard=True))
    assert places == [("first", 0.75)]
    cart.scope.close()
    await until(lambda: cart.desk.listening.state.value.playing is None)


async def test_what_the_media_process_cannot_do_is_said(cart: Screens) -> None:
    await running(cart)
    cart.desk.engine.sounds.refusal = Unavailable(Code.MEDIA_PROCESS_ENDED)
    cart.scope.listen(True)
    await until(lambda: cart.scope.screen.message)
    assert cart.scope.screen.message == wording.failure(Code.MEDIA_PROCESS_ENDED)


async def test_saved_it_says_what_lies_there(cart: Screens) -> None:
    await kept_one(cart)
    assert cart.scope.export_name("dicom").endswith(".dcm")
    cart.scope.export("flac", "/media/stick/heart.flac")
    await until(lambda: cart.desk.sound_writer.asked)
    await until(lambda: cart.scope.screen.kept.note)
    assert wording.spoken(cart.scope.screen.kept.note) == "Saved as FLAC. The same samples."


async def test_the_page_goes_with_the_chart(cart: Screens) -> None:
    await running(cart)
    cart.desk.chart.shut()
    await settled()
    assert not cart.scope.screen.is_open
    assert cart.scope.screen.kept.choices == ()


async def test_a_recording_of_an_unknown_id_changes_nothing(cart: Screens) -> None:
    progress = await running(cart)
    before = cart.scope.screen.live
    cart.scope.heard_progress(replace(progress, recording=RecordId(new_id()), at_s=99.0))
    cart.tick()
    assert cart.scope.screen.live == before


def test_a_moment_that_was_missed_is_never_told_as_no_time() -> None:
    assert "0.3\xa0s" in spoken_gaps(((1.0, 1.3),), ())
    assert "0.1\xa0s" in spoken_gaps((), (SoundGap(10, 20),))
    assert "2\xa0s" in spoken_gaps(((1.0, 3.1),), ())
