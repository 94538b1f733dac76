"""A picture is shown while it lives, said to be frozen when it stands, and never left over."""

from datetime import UTC, datetime

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from app.domain.picture import Picture
from tests.ui.given import picture, settle
from ui import theme
from ui.widgets.video_surface import FROZEN_AFTER_S, VideoSurface
from ui.widgets.words import Words
from ui.wording import spoken

NOW = datetime(2026, 11, 21, 14, 3, 30, tzinfo=UTC)


class Scene:
    """A surface with a clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0
        self.newest: Picture | None = None
        self.surface = VideoSurface(
            "visit.far-picture",
            "Picture of the other side",
            lambda: self.newest,
            monotonic=lambda: self.at,
            now=lambda: NOW,
        )
        self.painted: list[int] = []
        self.wanted: list[tuple[int, int]] = []
        self.surface.painted.connect(self.painted.append)
        self.surface.wanted.connect(lambda width, height: self.wanted.append((width, height)))
        self.surface.say(absent="")
        self.window = QWidget()
        self.surface.setParent(self.window)
        self.surface.resize(200, 100)
        self.window.show()
        settle()

    def arrives(self, sequence: int, colour: bytes = b"\x20\x40\x80\xff") -> None:
        self.newest = picture(sequence, self.at, colour)
        self.surface.notify()
        settle()

    def waits(self, seconds: float) -> None:
        self.at += seconds
        self.surface.look()
        settle()

    def is_frozen(self) -> bool:
        return self.surface.is_frozen

    def middle(self) -> QColor:
        return self.surface.grab().toImage().pixelColor(100, 85)


@pytest.fixture
def scene(look: theme.Look) -> Scene:
    return Scene()


def test_each_new_picture_is_painted_once_and_told(scene: Scene) -> None:
    scene.arrives(1)
    scene.surface.notify()
    settle()
    scene.arrives(2)
    assert scene.painted == [1, 2]
    assert scene.middle() == QColor(0x80, 0x40, 0x20)


def test_a_picture_that_stands_is_grey_and_says_so(scene: Scene) -> None:
    scene.arrives(1)
    scene.waits(FROZEN_AFTER_S - 0.1)
    assert not scene.is_frozen()
    scene.waits(0.2)
    assert scene.is_frozen()
    grey = scene.middle()
    assert grey.red() == grey.green() == grey.blue()
    since = f"{NOW.astimezone():%H:%M}"
    assert f"FROZEN since {since}: not live" in scene.surface.accessibleName()
    scene.arrives(2)
    assert "FROZEN" not in scene.surface.accessibleName()
    assert scene.middle() == QColor(0x80, 0x40, 0x20)


def test_the_same_picture_again_does_not_wake_a_frozen_one(scene: Scene) -> None:
    scene.arrives(1)
    scene.waits(FROZEN_AFTER_S + 0.1)
    scene.surface.notify()
    scene.waits(0.0)
    assert scene.is_frozen()
    assert scene.painted == [1]


def test_a_picture_that_is_over_is_gone_and_not_frozen(scene: Scene) -> None:
    scene.arrives(1)
    scene.newest = None
    scene.surface.notify()
    settle()
    scene.waits(FROZEN_AFTER_S + 1)
    assert not scene.surface.has_picture
    assert not scene.is_frozen()
    assert scene.middle() == QColor(theme.DARK)
    assert "Waiting for the picture" in scene.surface.accessibleName()


def test_the_last_picture_of_a_call_does_not_open_the_next_one(scene: Scene) -> None:
    scene.arrives(1)
    scene.surface.say(absent="No picture")
    settle()
    assert not scene.surface.has_picture
    scene.surface.say(absent="")
    scene.waits(FROZEN_AFTER_S + 1)
    assert not scene.surface.has_picture
    scene.arrives(2)
    assert scene.surface.has_picture


def test_a_picture_that_was_old_before_anybody_saw_it_is_not_shown(scene: Scene) -> None:
    scene.newest = picture(1, scene.at - FROZEN_AFTER_S - 0.1)
    scene.surface.notify()
    settle()
    assert not scene.surface.has_picture


def test_no_picture_says_why(scene: Scene) -> None:
    scene.surface.say(absent="Camera is off", caption="N. Okafor")
    name = "Picture of the other side, N. Okafor, Camera is off"
    assert spoken(scene.surface.accessibleName()) == name


def test_a_camera_that_is_missing_leaves_nothing_frozen_and_may_come_back(scene: Scene) -> None:
    scene.arrives(1)
    scene.waits(FROZEN_AFTER_S + 0.1)
    assert scene.is_frozen()
    for _ in range(2):
        scene.surface.say(absent="", gone="No camera at the other side")
        scene.surface.notify()  # the old one is still in hand
        scene.waits(FROZEN_AFTER_S + 0.1)
        assert not scene.surface.has_picture and not scene.is_frozen()
        assert "FROZEN" not in scene.surface.accessibleName()
        assert "No camera at the other side" in scene.surface.accessibleName()
    scene.arrives(2)  # sooner than the word that it is back
    scene.surface.say(absent="", gone="No camera at the other side")
    assert scene.surface.has_picture
    assert "No camera" not in scene.surface.accessibleName()


def test_it_tells_its_size_and_that_nobody_looks(scene: Scene) -> None:
    ratio = scene.surface.devicePixelRatioF()
    assert scene.wanted[-1] == (round(200 * ratio), round(100 * ratio))
    scene.surface.resize(320, 180)
    settle()
    assert scene.wanted[-1] == (round(320 * ratio), round(180 * ratio))
    scene.surface.hide()
    assert scene.wanted[-1] == (0, 0)


def test_a_picture_keeps_its_shape(scene: Scene) -> None:
    """A square picture in a wide surface leaves its edges dark."""
    scene.arrives(1)
    image = scene.surface.grab().toImage()
    assert image.pixelColor(10, 50) == QColor(theme.DARK)
    assert image.pixelColor(60, 50) != QColor(theme.DARK)


def test_hanging_up_and_joining_at_once_does_not_bring_the_last_picture_back(scene: Scene) -> None:
    scene.arrives(1)
    scene.surface.say(absent="No picture")
    settle()
    scene.surface.say(absent="")
    scene.surface.notify()
    settle()
    assert not scene.surface.has_picture


def test_a_new_link_counts_its_pictures_from_one_again(scene: Scene) -> None:
    scene.arrives(1)
    scene.waits(0.1)
    scene.arrives(1, colour=b"\x80\x40\x20\xff")
    assert scene.painted == [1, 1]
    assert scene.middle() == QColor(0x20, 0x40, 0x80)


def test_age_counts_from_the_capture_and_not_from_the_paint(scene: Scene) -> None:
    scene.newest = picture(1, scene.at - 0.9)
    scene.surface.notify()
    settle()
    assert scene.surface.has_picture
    scene.waits(0.2)
    assert scene.is_frozen()


def test_a_small_picture_with_edges_has_room_for_its_caption(scene: Scene) -> None:
    """Our own, 4 to 3 in a corner of 16 to 9: its words were cut to "You, not sen"."""
    own = VideoSurface(
        "visit.self-picture",
        "Your own picture",
        lambda: scene.newest,
        is_small=True,
        monotonic=lambda: scene.at,
        now=lambda: NOW,
    )
    own.setParent(scene.window)
    own.resize(130, 73)
    own.say(absent="", caption="You, not sent")
    own.show()
    scene.newest = picture(1, scene.at, b"\x20\x40\x80\xff")
    own.notify()
    settle()
    caption = next(words for words in own.findChildren(Words) if words.text() == "You, not sent")
    assert caption.width() >= caption.sizeHint().width()
