"""Draws every page in its states into PNG files, to be looked at: python -m ui.gallery FOLDER.

Options: --scale 1.3, --size 1024x768. Only invented people; nothing of the product is started.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QRect, Signal
from PySide6.QtGui import QColor, QFont, QImage, QLinearGradient, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from app.domain.curve import Strip
from app.domain.failures import Code
from app.domain.picture import Layout, Picture
from ui import gallery_conflicts as conflict_shots
from ui import gallery_devices, theme
from ui import gallery_exam as shown
from ui import gallery_screens as made
from ui import gallery_sounds as sounds
from ui import gallery_vitals as signs
from ui.gallery_shot import Shot
from ui.gallery_sounds import heart_strips
from ui.view_models.day_sheet import DaySheetScreen
from ui.view_models.exam_camera import ExamScreen
from ui.view_models.running_cuff import RunningCuffScreen
from ui.view_models.scope import ScopeScreen
from ui.view_models.stills import StillsScreen
from ui.view_models.tray import TrayScreen
from ui.view_models.visits import VisitScreen
from ui.view_models.window import Page, WindowScreen
from ui.views.frame import Frame, Models
from ui.views.visits import VisitModels
from ui.widgets.dress import clothe, dress
from ui.widgets.video_surface import FROZEN_AFTER_S, PictureSources
from ui.wording import failure


class Still(QObject):
    """Stands for a view model: shows one screen after another and takes every wish in silence."""

    changed = Signal(object)
    moved = Signal(str, float)
    levels = Signal(float, float)
    picture = Signal(object, object)
    freeze_key = "F9"

    def __init__(self, screen: object) -> None:
        super().__init__()
        self.screen = screen

    def show(self, screen: object) -> None:
        self.screen = screen
        self.changed.emit(screen)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_: None


class Stills:
    """All models of a window, each with a first screen; Any, because a Still has every intent."""

    def __init__(self) -> None:
        self.window: Any = Still(WindowScreen(Page.SIGN_IN))
        self.sign_in: Any = Still(made.SIGN_IN)
        self.lock: Any = Still(made.LOCK_CALL)
        self.worklist: Any = Still(made.TODAY)
        self.cart_home: Any = Still(made.CART)
        self.day_sheet: Any = Still(DaySheetScreen(can_save=True))
        self.unsent: Any = Still(made.UNSENT)
        self.conflicts: Any = Still(conflict_shots.CONFLICTS)
        self.devices: Any = Still(gallery_devices.DEVICES_CART)
        self.status: Any = Still(made.STATUS)
        self.running_cuff: Any = Still(RunningCuffScreen())
        self.visit: Any = Still(made.VISIT)
        self.call: Any = Still(made.CALL)
        self.vitals: Any = Still(made.VITALS_FAR)
        self.bp_protocol: Any = Still(signs.SERIES_NO_CUFF)
        self.news2: Any = Still(signs.NEWS2_INCOMPLETE)
        self.tray: Any = Still(TrayScreen())
        self.notes: Any = Still(made.NOTES_DRAFT)
        self.recordings: Any = Still(made.SCOPE_FAR)
        self.scope: Any = Still(ScopeScreen())
        self.messages: Any = Still(made.MESSAGES)
        self.exam: Any = Still(shown.EXAM_NONE)
        self.still_pictures: Any = Still(shown.STILLS_SHUT)

    def models(self) -> Models:
        visit = VisitModels(
            visit=self.visit,
            call=self.call,
            vitals=self.vitals,
            bp_protocol=self.bp_protocol,
            news2=self.news2,
            tray=self.tray,
            notes=self.notes,
            recordings=self.recordings,
            scope=self.scope,
            messages=self.messages,
            exam=self.exam,
            stills=self.still_pictures,
        )
        return Models(
            window=self.window,
            sign_in=self.sign_in,
            lock=self.lock,
            worklist=self.worklist,
            cart_home=self.cart_home,
            day_sheet=self.day_sheet,
            visit=visit,
            unsent=self.unsent,
            conflicts=self.conflicts,
            devices=self.devices,
            status=self.status,
            running_cuff=self.running_cuff,
        )


def _cart(*, page: int = 0, asks_assign: bool = False, **screens: object) -> Shot:
    """A visit at the cart, in the call, the panel of vital signs turned to a page."""
    shown = {
        "visit": made.VISIT_CART,
        "call": made.CALL_CART,
        "vitals": made.VITALS_CART,
        "recordings": made.SCOPE_CART,
        "status": made.STATUS_CART,
        **screens,
    }
    return Shot(
        Page.VISIT,
        shown,
        is_cart=True,
        has_pictures=True,
        vitals_page=page,
        asks_assign=asks_assign,
    )


SHOTS: dict[str, Shot] = {
    "sign-in": Shot(Page.SIGN_IN, {"sign_in": made.SIGN_IN, "status": made.STATUS_NOBODY}),
    "sign-in-wrong": Shot(
        Page.SIGN_IN, {"sign_in": made.SIGN_IN_WRONG, "status": made.STATUS_NOBODY}, is_cart=True
    ),
    "sign-in-busy": Shot(
        Page.SIGN_IN, {"sign_in": made.SIGN_IN_BUSY, "status": made.STATUS_NOBODY}
    ),
    "lock-call": Shot(Page.LOCK, {"lock": made.LOCK_CALL}),
    "lock-muted": Shot(Page.LOCK, {"lock": made.LOCK_MUTED}),
    "lock-cuff": Shot(
        Page.LOCK,
        {
            "lock": made.LOCK_CALL,
            "running_cuff": replace(signs.CUFF_RUNS, message=failure(Code.DEVICE_PULLED)),
            "status": made.STATUS_CART,
        },
        is_cart=True,
    ),
    "lock-quiet": Shot(Page.LOCK, {"lock": made.LOCK_QUIET, "status": made.STATUS_CART}),
    "today": Shot(Page.TODAY, {"worklist": made.TODAY}),
    "today-offline": Shot(
        Page.TODAY, {"worklist": made.TODAY_OFFLINE, "status": made.STATUS_LOCKED_AWAY}
    ),
    "today-empty": Shot(Page.TODAY, {"worklist": made.TODAY_EMPTY}),
    "cart-home": Shot(
        Page.CART_HOME, {"cart_home": made.CART, "status": made.STATUS_CART}, is_cart=True
    ),
    "cart-home-chosen": Shot(
        Page.CART_HOME,
        {"cart_home": made.CART_CHOSEN, "status": made.STATUS_CLOCK},
        is_cart=True,
    ),
    "cart-home-broken": Shot(
        Page.CART_HOME,
        {"cart_home": made.CART_BROKEN, "status": made.STATUS_LOCKED_AWAY},
        is_cart=True,
    ),
    "visit-clinician-before": Shot(
        Page.VISIT,
        {
            "visit": made.VISIT_BEFORE,
            "call": made.CALL_IDLE,
            "notes": made.NOTES_EMPTY,
            "messages": made.MESSAGES_EMPTY,
            "vitals": made.VITALS_FAR,
        },
    ),
    "visit-clinician-live": Shot(
        Page.VISIT,
        {"vitals": made.VITALS_FAR_LIVE, "recordings": made.SCOPE_FAR_LIVE},
        has_pictures=True,
    ),
    "visit-clinician-finish": Shot(
        Page.VISIT, {"recordings": made.SCOPE_PROVEN}, has_pictures=True, asks_finish=True
    ),
    "visit-clinician-outage": Shot(
        Page.VISIT,
        {
            "visit": made.VISIT_OUT,
            "call": made.CALL_OUT,
            "vitals": made.VITALS_FAR_STALE,
            "recordings": made.SCOPE_PROVEN,
            "status": made.STATUS_OUT,
        },
        has_pictures=True,
        is_frozen=True,
    ),
    "visit-clinician-far-screen": Shot(
        Page.VISIT, {"call": made.CALL_FAR_SCREEN, "notes": made.NOTES}, has_pictures=True
    ),
    "visit-clinician-voice": Shot(
        Page.VISIT, {"call": made.CALL_VOICE, "messages": made.MESSAGES_WITH_STEP}
    ),
    "visit-clinician-held": Shot(Page.VISIT, {"call": made.CALL_HELD}),
    "visit-clinician-messages": Shot(Page.VISIT, {"call": made.CALL_MESSAGES}),
    "visit-clinician-small": Shot(
        Page.VISIT, {"call": made.CALL_SMALL, "status": made.STATUS_SECOND}, has_pictures=True
    ),
    "visit-clinician-impostor": Shot(
        Page.VISIT, {"call": made.CALL_IMPOSTOR, "status": made.STATUS_MARKS}
    ),
    "visit-cart-voice": Shot(
        Page.VISIT,
        {
            "visit": made.VISIT_CART,
            "call": made.CALL_VOICE_CART,
            "vitals": made.VITALS_CART,
            "recordings": made.SCOPE_CART,
            "status": made.STATUS_CART,
        },
        is_cart=True,
        has_pictures=True,
    ),
    "visit-clinician-finished": Shot(
        Page.VISIT,
        {"visit": made.VISIT_FINISHED, "call": made.CALL_IDLE, "notes": made.NOTES_SHUT},
    ),
    "visit-cart-waiting": Shot(
        Page.VISIT,
        {
            "visit": made.VISIT_CART,
            "call": made.CALL_WAITING,
            "vitals": made.VITALS_CART,
            "recordings": made.SCOPE_CART,
            "status": made.STATUS_CART,
        },
        is_cart=True,
    ),
    "visit-cart-running": Shot(
        Page.VISIT,
        {
            "visit": made.VISIT_CART,
            "call": made.CALL_CART,
            "vitals": made.VITALS_RUNNING,
            "recordings": made.SCOPE_RECORDING,
            "status": made.STATUS_CART,
        },
        is_cart=True,
        has_pictures=True,
    ),
    "visit-cart-result": Shot(
        Page.VISIT,
        {
            "visit": made.VISIT_CART,
            "call": made.CALL_CART,
            "vitals": made.VITALS_RESULT,
            "recordings": made.SCOPE_DIFFERS,
            "status": made.STATUS_CART,
        },
        is_cart=True,
        has_pictures=True,
    ),
    "visit-cart-refused": Shot(
        Page.VISIT,
        {
            "visit": made.VISIT_CART,
            "call": made.CALL_OUT,
            "vitals": made.VITALS_REFUSED,
            "recordings": made.SCOPE_CART,
            "status": made.STATUS_OUT,
        },
        is_cart=True,
        has_pictures=True,
        is_frozen=True,
    ),
    "visit-cart-instruments": _cart(vitals=signs.VITALS_INSTRUMENTS),
    "visit-cart-instruments-decide": _cart(vitals=signs.VITALS_DECIDE),
    "visit-clinician-instruments": Shot(
        Page.VISIT, {"vitals": signs.VITALS_FAR_INSTRUMENTS}, has_pictures=True
    ),
    "visit-cart-tray": _cart(page=3, vitals=signs.VITALS_SET_ASIDE, tray=signs.TRAY),
    "visit-cart-tray-assign": _cart(page=3, asks_assign=True, tray=signs.TRAY),
    "visit-cart-tray-empty": _cart(page=3),
    "visit-clinician-tray": Shot(
        Page.VISIT, {"tray": signs.TRAY}, has_pictures=True, vitals_page=3
    ),
    "visit-cart-series": _cart(page=1, bp_protocol=signs.SERIES_IDLE),
    "visit-cart-series-rest": _cart(
        page=1, bp_protocol=signs.SERIES_REST, vitals=signs.VITALS_IN_SERIES
    ),
    "visit-cart-series-decide": _cart(
        page=1, bp_protocol=signs.SERIES_DECIDE, vitals=signs.VITALS_IN_SERIES
    ),
    "visit-cart-series-held": _cart(
        page=1, bp_protocol=signs.SERIES_HELD, vitals=signs.VITALS_IN_SERIES
    ),
    "visit-cart-series-done": _cart(
        page=1, bp_protocol=signs.SERIES_DONE, vitals=signs.VITALS_SERIES_OVER
    ),
    "visit-clinician-series": Shot(
        Page.VISIT, {"bp_protocol": signs.SERIES_NO_CUFF}, has_pictures=True, vitals_page=1
    ),
    "visit-cart-news2": _cart(page=2, news2=signs.NEWS2_NURSE),
    "visit-clinician-news2": Shot(
        Page.VISIT, {"news2": signs.NEWS2_SCORE}, has_pictures=True, vitals_page=2
    ),
    "visit-clinician-news2-incomplete": Shot(
        Page.VISIT, {"news2": signs.NEWS2_INCOMPLETE}, has_pictures=True, vitals_page=2
    ),
    "visit-cart-missing": Shot(
        Page.VISIT,
        {
            "visit": made.VISIT_CART,
            "call": made.CALL_CART,
            "vitals": made.VITALS_MISSING,
            "recordings": made.SCOPE_CART,
            "status": made.STATUS_CART,
        },
        is_cart=True,
        has_pictures=True,
    ),
    "unsent": Shot(Page.UNSENT, {"unsent": made.UNSENT, "status": made.STATUS_OUT}),
    "unsent-cuff": Shot(
        Page.UNSENT,
        {"unsent": made.UNSENT, "running_cuff": signs.CUFF_MAY_START},
        is_cart=True,
    ),
    "visit-messages-live": Shot(Page.VISIT, {"messages": made.MESSAGES_LIVE}, has_pictures=True),
    "visit-messages-server-away": Shot(
        Page.VISIT,
        {"messages": made.MESSAGES_BY_CALL, "status": made.STATUS_OUT},
        has_pictures=True,
    ),
    "visit-messages-no-way": Shot(
        Page.VISIT,
        {
            "visit": made.VISIT_OUT,
            "call": made.CALL_OUT,
            "messages": made.MESSAGES_NO_WAY,
            "status": made.STATUS_OUT,
        },
    ),
    "visit-messages-no-call": Shot(
        Page.VISIT,
        {"call": made.CALL_IDLE, "messages": made.MESSAGES_FILE_REFUSED},
    ),
    "visit-messages-cart": Shot(
        Page.VISIT,
        {"messages": made.MESSAGES_LIVE, "status": made.STATUS_CART},
        is_cart=True,
        has_pictures=True,
    ),
    **shown.SHOTS,
    "devices-cart": Shot(
        Page.DEVICES,
        {"devices": gallery_devices.DEVICES_CART, "status": made.STATUS_CART},
        is_cart=True,
    ),
    "devices-cart-ill": Shot(
        Page.DEVICES,
        {"devices": gallery_devices.DEVICES_ILL, "status": made.STATUS_OUT},
        is_cart=True,
    ),
    "devices-clinician": Shot(Page.DEVICES, {"devices": gallery_devices.DEVICES_CLINICIAN}),
    "devices-none": Shot(Page.DEVICES, {"devices": gallery_devices.DEVICES_NONE}),
    "conflicts": Shot(
        Page.CONFLICTS, {"conflicts": conflict_shots.CONFLICTS, "status": made.STATUS_CONFLICTS}
    ),
    "conflicts-none": Shot(Page.CONFLICTS, {"conflicts": conflict_shots.CONFLICTS_NONE}),
    "unsent-none": Shot(Page.UNSENT, {"unsent": made.UNSENT_NONE}),
    "sounds-far-live": Shot(Page.VISIT, {"scope": sounds.FAR}, has_pictures=True),
    "sounds-far-narrow": Shot(Page.VISIT, {"scope": sounds.FAR_NARROW}, has_pictures=True),
    "sounds-far-none": Shot(Page.VISIT, {"scope": sounds.FAR_NONE}),
    "sounds-far-kept": Shot(Page.VISIT, {"scope": sounds.FAR_KEPT}),
    "sounds-far-beside": Shot(Page.VISIT, {"scope": sounds.FAR_BESIDE}, has_pictures=True),
    "sounds-far-coming": Shot(Page.VISIT, {"scope": sounds.FAR_COMING}),
    **{
        name: Shot(
            Page.VISIT,
            {
                "visit": made.VISIT_CART,
                "call": made.CALL_CART,
                "vitals": made.VITALS_CART,
                "recordings": made.SCOPE_CART,
                "scope": screen,
                "status": made.STATUS_CART,
            },
            is_cart=True,
            has_pictures=True,
        )
        for name, screen in (
            ("sounds-cart", sounds.CART),
            ("sounds-cart-running", sounds.CART_RUNNING),
            ("sounds-cart-away", sounds.CART_AWAY),
            ("sounds-cart-back", sounds.CART_BACK),
            ("sounds-cart-kept", sounds.CART_KEPT),
            ("sounds-cart-beside", sounds.CART_BESIDE),
        )
    },
}


def test_picture(width: int, height: int, words: str, captured_at: float) -> Picture:
    """A drawn room, so that captions and marks are judged upon something like a picture."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    shade = QLinearGradient(0, 0, width, height)
    shade.setColorAt(0, QColor("#B9A48A"))
    shade.setColorAt(1, QColor("#5D7186"))
    painter.fillRect(image.rect(), shade)
    painter.setBrush(QColor("#E0BFA5"))
    painter.drawEllipse(QRect(width // 2 - height // 6, height // 5, height // 3, height * 2 // 5))
    font = QFont(theme.FONT_FAMILY)
    font.setPixelSize(max(10, height // 16))
    painter.setFont(font)
    painter.drawText(12, height // 10, words)
    painter.end()
    data = memoryview(bytes(image.constBits()))
    return Picture(width, height, Layout.BGRA, data, 1, captured_at)


class Hall:
    """One window, filled anew for each shot."""

    def __init__(self, application: QApplication, look: theme.Look, size: tuple[int, int]) -> None:
        dress(application, look)
        self._application = application
        self._pictures: tuple[Picture | None, ...] = (None, None, None)
        self.stills = Stills()
        self._first = {name: still.screen for name, still in vars(self.stills).items()}
        del self._first["window"]
        self._strips: list[Strip] = []
        sources = PictureSources(*(lambda place=place: self._pictures[place] for place in range(3)))
        self.frame = Frame(self.stills.models(), look, sources, self._new_strips)
        clothe(self.frame, look)
        self.frame.resize(*size)
        self.frame.show()

    def hang(self, shot: Shot) -> QWidget:
        self.stills.visit.show(VisitScreen())  # whatever was asked is asked no more
        self._pictures = (None, None, None)
        exam = shot.screens.get("exam")
        is_gone = isinstance(exam, ExamScreen) and bool(exam.gone)
        if shot.has_pictures:
            taken = time.monotonic() - (FROZEN_AFTER_S - 0.5 if shot.is_frozen else 0.0)
            self._pictures = (
                test_picture(640, 360, "N. Okafor, Cart 2 (invented)", taken),
                test_picture(320, 180, "own", taken),
                None if is_gone else test_picture(640, 360, "exam camera (invented)", taken),
            )
        for name, first in self._first.items():
            getattr(self.stills, name).show(shot.screens.get(name, first))
        self.stills.window.show(WindowScreen(shot.page))
        self._settle()
        self._strips = heart_strips(21.5, hole_s=20.2)
        self.frame.visit.look_at_curves()
        self.stills.call.levels.emit(0.06, 0.1)
        pictures = self.stills.still_pictures.screen
        if isinstance(pictures, StillsScreen) and pictures.is_open:
            shown.bring_pictures(pictures, self.stills.still_pictures.picture)
            self.frame.visit.stills.wait_for_pictures()
        self._settle()
        while shot.is_frozen and not self.frame.visit.call.own.is_frozen:
            self._settle()
            self.frame.visit.call.far.look()
            self.frame.visit.call.own.look()
            self.frame.visit.call.exam.look()
        if shot.asks_finish:
            self.frame.visit.ask_finish()
        self.frame.visit.vitals.turn_to(shot.vitals_page)
        if shot.asks_assign:
            self.frame.visit.vitals.ask_assign()
        self._settle()
        return self.frame

    def _new_strips(self) -> list[Strip]:
        strips, self._strips = self._strips, []
        return strips

    def close(self) -> None:
        self.frame.close()
        self.frame.deleteLater()
        self._application.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def _settle(self) -> None:
        for _ in range(8):
            self._application.processEvents()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--only", default="", help="only shots whose name contains this")
    options = parser.parse_args()
    width, height = (int(part) for part in options.size.split("x"))
    options.folder.mkdir(parents=True, exist_ok=True)
    application = QApplication(sys.argv[:1])
    for is_cart in (False, True):
        hall = Hall(application, theme.Look(options.scale, is_touch=is_cart), (width, height))
        for name, shot in SHOTS.items():
            if shot.is_cart == is_cart and options.only in name:
                hall.hang(shot).grab().save(str(options.folder / f"{name}.png"))
        hall.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
