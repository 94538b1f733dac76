"""All pages in their places with the status bar below; which one is shown, the model says."""

from dataclasses import dataclass

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ui import theme
from ui.view_models.cart_home import CartHomeIntents
from ui.view_models.lock import LockIntents
from ui.view_models.sign_in import SignInIntents
from ui.view_models.status import StatusIntents
from ui.view_models.sync import UnsentIntents
from ui.view_models.window import Page, WindowIntents, WindowScreen
from ui.view_models.worklist import WorklistIntents
from ui.views.cart_home import CartHomeView
from ui.views.lock import LockView
from ui.views.sign_in import SignInView
from ui.views.status import StatusView
from ui.views.sync import UnsentView
from ui.views.visits import VisitModels, VisitView
from ui.views.worklist import WorklistView
from ui.widgets.video_surface import PictureSource


@dataclass(frozen=True, slots=True)
class Models:
    """Every view model, made by the composition root."""

    window: WindowIntents
    sign_in: SignInIntents
    lock: LockIntents
    worklist: WorklistIntents
    cart_home: CartHomeIntents
    visit: VisitModels
    unsent: UnsentIntents
    status: StatusIntents


PageView = SignInView | LockView | WorklistView | CartHomeView | VisitView | UnsentView


class Frame(QWidget):
    """`visit.call.far` and `visit.call.own` are the two picture surfaces."""

    def __init__(
        self, models: Models, look: theme.Look, far: PictureSource, own: PictureSource
    ) -> None:
        super().__init__()
        self.setObjectName("window")
        self.visit = VisitView(models.visit, look, far, own)
        self._pages: dict[Page, PageView] = {
            Page.SIGN_IN: SignInView(models.sign_in, look),
            Page.LOCK: LockView(models.lock, look),
            Page.TODAY: WorklistView(models.worklist, look),
            Page.CART_HOME: CartHomeView(models.cart_home, look),
            Page.VISIT: self.visit,
            Page.UNSENT: UnsentView(models.unsent, look),
        }
        self._stack = QStackedWidget()
        for page in self._pages.values():
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._stack, 1)
        layout.addWidget(StatusView(models.status))
        models.window.changed.connect(self.draw)
        self.draw(models.window.screen)

    def draw(self, screen: WindowScreen) -> None:
        page = self._pages[screen.page]
        if self._stack.currentWidget() is not page:
            self._stack.setCurrentWidget(page)
            page.take_focus()
