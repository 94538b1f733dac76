"""The body sound that runs: its curve, its tones, its whole time, and what is heard of it here."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.tone import Tone
from ui.view_models.choices import ChoiceScreen
from ui.view_models.scope import ScopeIntents, ScopeScreen
from ui.views.sound_marks import SoundMarks
from ui.widgets.button import Button, Kind
from ui.widgets.choice_box import ChoiceBox
from ui.widgets.curve_feed import CurveFeed
from ui.widgets.dress import keep_room, mark, show_when
from ui.widgets.phonocardiogram import Phonocardiogram
from ui.widgets.sound_timeline import SoundTimeline
from ui.widgets.spectrogram import Spectrogram
from ui.widgets.sweep_canvas import SPEEDS_MM_S
from ui.widgets.words import Words
from ui.wording import isolate, text


def pairs(choices: tuple[ChoiceScreen, ...]) -> list[tuple[str, str]]:
    return [(choice.key, choice.words) for choice in choices]


class LiveSoundView(QWidget):
    def __init__(self, model: ScopeIntents, feed: CurveFeed) -> None:
        super().__init__()
        self._model = model
        self._title = Words("large-strong", gives_way=True, lines=3, identifier="live.title")
        self._heart = Words("chip", gives_way=True, identifier="live.heart")
        self._start = Button("live.start", "", kind=Kind.PRIMARY, drawing="record")
        self._start.say(text("scope.start"), text("scope.start-name"))
        self._stop = Button("live.stop", "", kind=Kind.STOP, drawing="stop")
        self._stop.say(text("scope.stop"), text("scope.stop-name"))
        keep_room(self._stop)
        self._way = Words("chip", gives_way=True, lines=3, identifier="live.way")
        self._delay = Words("chip", gives_way=True, identifier="live.delay")
        self._progress = Words("small", gives_way=True, lines=3, identifier="live.progress")
        self._faults = Words("chip", wraps=True, identifier="live.faults")
        self._proof = Words("chip", wraps=True, identifier="live.proof")
        self._curve = Phonocardiogram("live.curve", text("scope.curve"), feed)
        self._tones = Spectrogram("live.tones", text("scope.tones"), feed)
        self._timeline = SoundTimeline("live.timeline", text("scope.timeline"))
        self._timeline_words = Words("small", wraps=True, identifier="live.timeline-words")
        self._marks = SoundMarks("live.mark")
        self._listen = Button("live.listen", text("live.listen"))
        self._band = ChoiceBox("live.band", text("live.band"))
        self._gain = ChoiceBox("live.gain", text("live.gain"))
        self._speed = ChoiceBox("live.speed", text("live.speed"))
        self._hint = Words("small", wraps=True, identifier="live.hint")
        self._is_listening = False
        self._lay_out()
        self._start.clicked.connect(model.start)
        self._stop.clicked.connect(model.stop)
        self._listen.clicked.connect(lambda: model.listen(not self._is_listening))
        for box in (self._band, self._gain):
            box.picked.connect(lambda _: model.choose_live(self._band.key, self._gain.key))
        self._speed.picked.connect(lambda key: self._turn_paper(int(key)))
        self._marks.marked.connect(model.mark)
        self._turn_paper(SPEEDS_MM_S[0])

    def _lay_out(self) -> None:
        head, facts, ears = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row in (head, facts, ears):
            row.setSpacing(theme.GAP)
        self._controls = QWidget()
        buttons = QHBoxLayout(self._controls)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(theme.GAP)
        buttons.addWidget(self._start)
        buttons.addWidget(self._stop)
        head.addWidget(self._title, 1)
        head.addWidget(self._controls)
        for part in (self._heart, self._way, self._delay):
            facts.addWidget(part)
        facts.addWidget(self._progress, 1)
        ears.addWidget(self._listen)
        for box in (self._band, self._gain, self._speed):
            ears.addWidget(box, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP - 2)
        layout.addLayout(head)
        layout.addLayout(facts)
        layout.addWidget(self._faults)
        layout.addWidget(self._proof)
        layout.addWidget(self._curve, 5)
        layout.addWidget(self._tones, 4)
        layout.addWidget(self._timeline)
        layout.addWidget(self._timeline_words)
        layout.addWidget(self._marks)
        layout.addLayout(ears)
        layout.addWidget(self._hint)

    def draw(self, page: ScopeScreen) -> None:
        show_when(self._controls, page.has_controls)
        show_when(self._stop, page.is_running)
        self._start.allow(page.can_start)
        screen = page.live
        self._title.say(screen.title, screen.tone, signed=True)
        self._heart.say_or_hide(screen.heart, screen.heart_tone, signed=True)
        self._way.say_or_hide(screen.way, screen.way_tone, signed=True)
        self._delay.say_or_hide(screen.delay, screen.delay_tone, signed=True)
        self._progress.say(screen.progress)
        self._faults.say_or_hide(screen.faults, Tone.ATTENTION, signed=True)
        self._proof.say_or_hide(screen.proof, screen.proof_tone, signed=True)
        self._curve.set_live(screen.is_live)
        self._tones.set_live(screen.is_live)
        self._timeline.show_timeline(screen.timeline)
        self._timeline_words.say_or_hide(screen.timeline.spoken)
        self._timeline.move_to(screen.timeline.seconds)
        self._marks.allow(screen.can_label)
        self._is_listening = screen.is_listening
        key = "live.listening" if screen.is_listening else "live.listen"
        self._listen.say(text(key), text(f"{key}-name"))
        mark(self._listen, "chosen", screen.is_listening)
        self._band.show_choices(pairs(screen.bands), screen.band)
        self._gain.show_choices(pairs(screen.gains), screen.gain)
        self._hint.say_or_hide("" if screen.timeline.spoken else screen.listen_hint)

    def _turn_paper(self, speed_mm_s: int) -> None:
        speeds = [
            (str(speed), text("live.mm-s", speed=isolate(f"{speed} mm/s"))) for speed in SPEEDS_MM_S
        ]
        self._speed.show_choices(speeds, str(speed_mm_s))
        self._curve.set_speed(speed_mm_s)
        self._tones.set_speed(speed_mm_s)
