"""What the tests of the views share: a model that notes every wish, and eyes that find by id."""

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from app.domain.curve import Strip
from app.domain.picture import Layout, Picture
from ui import theme
from ui.gallery import Stills
from ui.view_models.window import Page, WindowScreen
from ui.views.frame import Frame
from ui.widgets.dress import clothe
from ui.widgets.video_surface import PictureSources
from ui.wording import spoken

WidgetT = TypeVar("WidgetT", bound=QWidget)


class Noted(QObject):
    """Stands for any view model: keeps what it was asked to do, as (name, arguments)."""

    changed = Signal(object)
    moved = Signal(str, float)
    levels = Signal(float, float)
    picture = Signal(object, object)
    freeze_key = "F9"

    def __init__(self, screen: object) -> None:
        super().__init__()
        self.screen = screen
        self.wishes: list[tuple[str, tuple[object, ...]]] = []

    def show(self, screen: object) -> None:
        self.screen = screen
        self.changed.emit(screen)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)

        def noted(*arguments: object) -> None:
            # A button's `clicked` may bring its checked state; no wish has a bool.
            kept = tuple(one for one in arguments if not isinstance(one, bool))
            self.wishes.append((name, kept))

        return noted


class Pages:
    """The whole window on noted models. `visit.vitals` and the like are models, typed as Any."""

    def __init__(self, look: theme.Look, page: Page, size: tuple[int, int] = (1280, 800)) -> None:
        self.models: dict[str, Any] = {
            name: Noted(still.screen) for name, still in vars(Stills()).items()
        }
        self.models["window"].screen = WindowScreen(page)
        self.pictures: dict[str, Picture | None] = {"far": None, "own": None, "exam": None}
        stills = Stills()
        for name, model in self.models.items():
            setattr(stills, name, model)
        sources = PictureSources(
            lambda: self.pictures["far"],
            lambda: self.pictures["own"],
            lambda: self.pictures["exam"],
        )
        self.strips: list[Strip] = []
        self.frame = Frame(stills.models(), look, sources, self._new_strips)
        clothe(self.frame, look)
        self.frame.resize(*size)
        self.frame.show()
        settle()

    def draw_curves(self, strips: list[Strip]) -> None:
        """As they come thirty times a second."""
        self.strips = strips
        self.frame.visit.look_at_curves()
        settle()

    def _new_strips(self) -> list[Strip]:
        new, self.strips = self.strips, []
        return new

    def show(self, **screens: object) -> None:
        for name, screen in screens.items():
            self.models[name].show(screen)
        settle()

    def wishes(self, name: str) -> list[tuple[str, tuple[object, ...]]]:
        found: list[tuple[str, tuple[object, ...]]] = self.models[name].wishes
        return found

    def find(self, identifier: str, kind: type[WidgetT]) -> WidgetT:
        found = [
            widget
            for widget in self.frame.findChildren(kind)
            if widget.accessibleIdentifier() == identifier
        ]
        assert len(found) == 1, f"{identifier}: {len(found)} widgets"
        return found[0]

    def shown(self, identifier: str) -> bool:
        return any(
            widget.isVisible() and widget.accessibleIdentifier() == identifier
            for widget in self.frame.findChildren(QWidget)
        )

    def name(self, identifier: str) -> str:
        return self.find(identifier, QWidget).accessibleName()

    def words(self, identifier: str) -> str:
        return spoken(self.find(identifier, QLabel).text())

    def press(self, identifier: str) -> None:
        button = self.find(identifier, QPushButton)
        assert button.isVisible() and button.isEnabled(), identifier
        button.click()
        settle()


def settle() -> None:
    """Deliver what is posted; no time passes."""
    for _ in range(6):
        QApplication.processEvents()


def type_into(widget: QWidget, words: str) -> None:
    QTest.keyClicks(widget, words)
    settle()


def picture(
    sequence: int, captured_at: float, colour: bytes = b"\x20\x40\x80\xff", side: int = 16
) -> Picture:
    """A plain picture in BGRA."""
    data = memoryview(colour * side * side)
    return Picture(side, side, Layout.BGRA, data, sequence, captured_at)
