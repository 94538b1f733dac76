"""Kept body sounds: one on paper or two below each other, heard and marked."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.domain.listening import Slot
from ui import theme
from ui.view_models.kept_sounds import NOBODY, KeptSoundsScreen, PaperScreen
from ui.view_models.scope import ScopeIntents
from ui.views.live_sound import pairs
from ui.views.sound_marks import SoundMarks
from ui.widgets.button import Button, Kind
from ui.widgets.choice_box import ChoiceBox
from ui.widgets.dress import call, mark, show_when
from ui.widgets.sound_paper import SoundPaper
from ui.widgets.sound_timeline import SoundTimeline
from ui.widgets.sweep_canvas import SPEEDS_MM_S
from ui.widgets.words import Words
from ui.wording import text

NEAR_END_S = 0.1
PLAY_KEYS = "Ctrl+P"


class PaperView(QWidget):
    """One slot."""

    def __init__(self, slot: Slot, colour: str) -> None:
        super().__init__()
        self._facts = Words("chip", gives_way=True, identifier=f"kept.{slot}.facts")
        self._proof = Words("chip", gives_way=True, identifier=f"kept.{slot}.proof")
        self.paper = SoundPaper(f"kept.{slot}.paper", text(f"kept.{slot}"), colour)
        self.timeline = SoundTimeline(f"kept.{slot}.timeline", text(f"kept.{slot}"))
        self.chosen: tuple[float, float] | None = None
        self._seconds = 0.0
        row = QHBoxLayout()
        row.setSpacing(theme.GAP)
        row.addWidget(self._facts)
        row.addStretch(1)
        row.addWidget(self._proof)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.paper, 1)
        layout.addWidget(self.timeline)
        self.timeline.moved.connect(self._moved)
        self.timeline.chose.connect(self._chose)

    def draw(self, screen: PaperScreen, speed_mm_s: int) -> None:
        show_when(self, screen.is_shown)
        call(self.paper, screen.head)
        self._facts.say_or_hide(screen.facts, screen.facts_tone, signed=True)
        self._proof.say_or_hide(screen.proof, screen.proof_tone, signed=True)
        self.paper.show_sound(
            screen.shape, gain=screen.gain, speed_mm_s=speed_mm_s, marks=screen.marks
        )
        if screen.timeline.seconds != self._seconds:
            self._seconds, self.chosen = screen.timeline.seconds, None
            self.timeline.choose(None)
            self.timeline.move_to(0.0)
        self.timeline.show_timeline(screen.timeline)

    def move_to(self, at_s: float) -> None:
        self.paper.move_to(at_s)
        self.timeline.move_to(at_s)

    @property
    def stretch(self) -> tuple[float, float]:
        """What is to be played: the chosen stretch, else from the cursor to the end."""
        if self.chosen is not None:
            return self.chosen
        at_s = self.timeline.cursor_s
        return (0.0 if at_s > self._seconds - NEAR_END_S else at_s), self._seconds

    @property
    def marked(self) -> tuple[float, float]:
        """What a mark is set on: the chosen stretch, else the moment of the cursor."""
        return self.chosen or (self.timeline.cursor_s, self.timeline.cursor_s)

    def _moved(self, at_s: float) -> None:
        self.paper.move_to(at_s)
        if self.chosen is not None and not self.chosen[0] <= at_s <= self.chosen[1]:
            self.chosen = None
            self.timeline.choose(None)

    def _chose(self, from_s: float, to_s: float) -> None:
        self.chosen = (from_s, to_s)


class KeptSoundsView(QWidget):
    def __init__(self, model: ScopeIntents) -> None:
        super().__init__()
        self._model = model
        self._first = PaperView(Slot.FIRST, theme.CURVE)
        self._second = PaperView(Slot.SECOND, theme.CURVE_SECOND)
        self._choose_first = ChoiceBox("kept.choose-first", text("kept.choose-first"))
        self._choose_second = ChoiceBox("kept.choose-second", text("kept.choose-second"))
        self._play = Button("kept.play", "", kind=Kind.PRIMARY)
        self._play_second = Button("kept.play-second", text("kept.play-second"))
        self._loop = Button("kept.loop", text("kept.loop"))
        self._band = ChoiceBox("kept.band", text("live.band"))
        self._gain = ChoiceBox("kept.gain", text("live.gain"))
        self._speed = ChoiceBox("kept.speed", text("kept.speed"))
        self._marks = SoundMarks("kept.mark")
        self._note = Words("small", gives_way=True, identifier="kept.note")
        self._none = Words("body", wraps=True, identifier="kept.none")
        self._is_playing = self._is_looped = False
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        chosen, ears = QGridLayout(), QHBoxLayout()
        for row in (chosen, ears):
            row.setSpacing(theme.GAP - 2)
        chosen.addWidget(self._choose_first, 0, 0)
        chosen.addWidget(self._choose_second, 0, 1)
        for part in (self._play, self._play_second, self._loop):
            ears.addWidget(part)
        for box in (self._speed, self._band, self._gain):
            ears.addWidget(box, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP - 2)
        layout.addLayout(chosen)
        layout.addWidget(self._none)
        layout.addWidget(self._first, 1)
        layout.addWidget(self._second, 1)
        layout.addWidget(self._note)
        layout.addLayout(ears)
        layout.addWidget(self._marks)
        self._none.say(text("scope.no-recordings"))

    def _connect(self) -> None:
        model = self._model
        self._choose_first.picked.connect(lambda key: model.choose_kept(str(Slot.FIRST), key))
        self._choose_second.picked.connect(lambda key: model.choose_kept(str(Slot.SECOND), key))
        self._play.clicked.connect(self._play_or_stop)
        self._play_second.clicked.connect(lambda: self._play_slot(Slot.SECOND, self._second))
        self._loop.clicked.connect(lambda: self._choose_how(is_looped=not self._is_looped))
        for box in (self._band, self._gain, self._speed):
            box.picked.connect(lambda _: self._choose_how(is_looped=self._is_looped))
        self._marks.marked.connect(self._mark)
        model.moved.connect(self._moved)
        shortcut = QShortcut(QKeySequence(PLAY_KEYS), self, self._play_or_stop)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def draw(self, screen: KeptSoundsScreen) -> None:
        choices = pairs(screen.choices)
        self._choose_first.show_choices(choices, screen.first_choice)
        beside = [(NOBODY, text("kept.nothing-beside")), *choices]
        self._choose_second.show_choices(
            [one for one in beside if one[0] != screen.first_choice or one[0] == NOBODY],
            screen.second_choice,
        )
        show_when(self._none, not choices)
        self._first.draw(screen.first, SPEEDS_MM_S[0])
        self._second.draw(screen.second, SPEEDS_MM_S[0])
        self._is_playing, self._is_looped = screen.is_playing, screen.is_looped
        key = "kept.stop" if screen.is_playing else "kept.play"
        self._play.say(text(key), text(f"{key}-name"))
        self._play.allow(screen.can_play)
        show_when(self._play_second, screen.can_play_second)
        mark(self._loop, "chosen", screen.is_looped)
        self._loop.say(
            text("kept.loop"), text("kept.loop-on" if screen.is_looped else "kept.loop-off")
        )
        self._band.show_choices(pairs(screen.bands), screen.band)
        self._gain.show_choices(pairs(screen.gains), screen.gain)
        self._gain.setEnabled(not screen.is_level)
        self._speed.show_choices(pairs(screen.speeds), screen.speed)
        self._marks.allow(screen.can_label)
        self._note.say_or_hide(screen.note, screen.note_tone, signed=True)

    # --- wishes --------------------------------------------------------------------------------

    def _play_or_stop(self) -> None:
        if self._is_playing:
            self._model.stop_playing()
        else:
            self._play_slot(Slot.FIRST, self._first)

    def _play_slot(self, slot: Slot, view: PaperView) -> None:
        from_s, to_s = view.stretch
        self._model.play(str(slot), from_s, to_s)

    def _choose_how(self, *, is_looped: bool) -> None:
        self._model.choose_playing(self._band.key, self._gain.key, self._speed.key, is_looped)

    def _mark(self, kind: str, words: str) -> None:
        from_s, to_s = self._first.marked
        self._model.mark_kept(kind, words, from_s, to_s)

    def _moved(self, slot: str, at_s: float) -> None:
        (self._first if slot == str(Slot.FIRST) else self._second).move_to(at_s)
