"""What stands where on the page of a visit: values and words, stills, or body sounds.

The call keeps the first column; what is opened last has the others.
"""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.view_models.exam_camera import ExamIntents, ExamScreen
from ui.view_models.scope import ScopeIntents, ScopeScreen
from ui.view_models.stills import StillsIntents, StillsScreen
from ui.views.scope import ScopeView
from ui.views.stills import StillsView
from ui.widgets.dress import show_when

WORDS, STILLS, SOUNDS = (46, 27, 27, 0, 0), (36, 0, 0, 64, 0), (30, 0, 0, 0, 70)
CALL_SHARES, EXAM_SHARES = (62, 38), (80, 20)  # its picture wants room


class VisitPlaces:
    """`values` and `notes`, `sides`, and the camera's `moves`, stand beside the call as a rule."""

    def __init__(
        self,
        models: tuple[ExamIntents, StillsIntents, ScopeIntents],
        layouts: tuple[QHBoxLayout, QVBoxLayout],
        *,
        values: QWidget,
        notes: QWidget,
        sides: tuple[QWidget, ...],
        moves: QWidget,
        stills: StillsView,
        scope: ScopeView,
    ) -> None:
        self._exam, self._stills_model, self._scope_model = models
        self._body, self._talk = layouts
        self._values, self._notes, self._sides, self._moves = values, notes, sides, moves
        self._stills, self._scope = stills, scope
        self._were_open = (False, False)
        self._shares: tuple[int, ...] = ()
        for part in (scope, scope.body, scope.outside):
            part.setVisible(False)  # said outright: else they come with the window
        for model in models:
            model.changed.connect(self.draw)
        self.draw()

    def draw(self, _: ExamScreen | StillsScreen | ScopeScreen | None = None) -> None:
        is_stills, is_sounds = self._opened_last()
        is_moving = self._exam.screen.is_moving_shown and not (is_stills or is_sounds)
        is_kept = self._scope_model.screen.shows_kept
        shown: dict[QWidget, bool] = {
            self._values: not (is_stills or is_sounds),
            self._notes: not (is_stills or is_sounds or is_moving),
            **dict.fromkeys(self._sides, not (is_stills or is_sounds or is_moving)),
            self._moves: is_moving,
            self._stills: is_stills,
            self._scope.body: is_sounds and not is_kept,
            self._scope.outside: is_sounds and is_kept,
            self._scope: is_sounds,
        }
        was_sounds = not self._scope.isHidden()
        for part in sorted(shown, key=shown.__getitem__):  # what goes, goes first: no page grows
            show_when(part, shown[part])
        if is_sounds and not was_sounds:
            self._scope.take_focus()
        is_exam = self._exam.screen.focus is not None
        for place, share in enumerate(EXAM_SHARES if is_exam else CALL_SHARES):
            self._talk.setStretch(place, share)
        self._share(STILLS if is_stills else SOUNDS if is_sounds else WORDS)

    def _opened_last(self) -> tuple[bool, bool]:
        """Stills and sounds want the same place: the one that was opened before is closed."""
        are_open = self._stills_model.screen.is_open, self._scope_model.screen.is_open
        came = [now and not before for now, before in zip(are_open, self._were_open, strict=True)]
        self._were_open = are_open
        if all(are_open):
            if came[0]:
                self._scope_model.close()
            else:
                self._stills_model.toggle()
            return came[0], not came[0]
        return are_open

    def _share(self, shares: tuple[int, ...]) -> None:
        if shares != self._shares:
            self._shares = shares
            for place, share in enumerate(shares):
                self._body.setStretch(place, share)
