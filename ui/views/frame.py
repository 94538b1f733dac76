"""All pages in their places with the status bar below; which one is shown, the model says."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ui import theme
from ui.view_models.cart_home import CartHomeIntents
from ui.view_models.conflicts import ConflictsIntents
from ui.view_models.day_sheet import DaySheetIntents
from ui.view_models.devices import DevicesIntents
from ui.view_models.lock import LockIntents
from ui.view_models.running_cuff import RunningCuffIntents
from ui.view_models.sign_in import SignInIntents
from ui.view_models.status import StatusIntents
from ui.view_models.sync import UnsentIntents
from ui.view_models.window import Page, WindowIntents, WindowScreen
from ui.view_models.worklist import WorklistIntents
from ui.views.cart_home import CartHomeView
from ui.views.conflicts import ConflictsView
from ui.views.devices import DevicesView
from ui.views.lock import LockView
from ui.views.running_cuff import RunningCuffView
from ui.views.sign_in import SignInView
from ui.views.status import StatusView
from ui.views.sync import UnsentView
from ui.views.visits import VisitModels, VisitView
from ui.views.worklist import WorklistView
from ui.widgets.curve_feed import StripSource, no_strips
from ui.widgets.video_surface import PictureSources


@dataclass(frozen=True, slots=True)
class Models:
    """Every view model, made by the composition root."""

    window: WindowIntents
    sign_in: SignInIntents
    lock: LockIntents
    worklist: WorklistIntents
    cart_home: CartHomeIntents
    day_sheet: DaySheetIntents
    visit: VisitModels
    unsent: UnsentIntents
    conflicts: ConflictsIntents
    devices: DevicesIntents
    status: StatusIntents
    running_cuff: RunningCuffIntents


PageView = (
    SignInView
    | LockView
    | WorklistView
    | CartHomeView
    | VisitView
    | UnsentView
    | ConflictsView
    | DevicesView
)


class Frame(QWidget):
    """A page is made when it is first shown: a cart never makes the clinician's list.

    `visit.call.far`, `own` and `exam` are the picture surfaces.
    """

    def __init__(
        self,
        models: Models,
        look: theme.Look,
        sources: PictureSources,
        strips: StripSource = no_strips,
    ) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)  # also inside another widget
        self.visit = VisitView(models.visit, look, sources, strips)
        self._make: dict[Page, Callable[[], PageView]] = {
            Page.SIGN_IN: lambda: SignInView(models.sign_in, look),
            Page.LOCK: lambda: LockView(models.lock, look),
            Page.TODAY: lambda: WorklistView(models.worklist, models.day_sheet, look),
            Page.CART_HOME: lambda: CartHomeView(models.cart_home, models.day_sheet, look),
            Page.VISIT: lambda: self.visit,
            Page.UNSENT: lambda: UnsentView(models.unsent),
            Page.CONFLICTS: lambda: ConflictsView(models.conflicts),
            Page.DEVICES: lambda: DevicesView(models.devices, look),
        }
        self._pages: dict[Page, PageView] = {}
        self._shown: PageView | None = None
        self._stack = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(RunningCuffView(models.running_cuff))
        layout.addWidget(self._stack, 1)
        layout.addWidget(StatusView(models.status))
        models.window.changed.connect(self.draw)
        self.draw(models.window.screen)

    def draw(self, screen: WindowScreen) -> None:
        if screen.page not in self._pages:
            self._pages[screen.page] = self._make[screen.page]()
            self._stack.addWidget(self._pages[screen.page])
        page = self._pages[screen.page]
        if page is not self._shown:
            self._shown = page
            self._stack.setCurrentWidget(page)
            page.take_focus()
