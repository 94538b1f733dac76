"""The window: places the pages, forwards its close. Its title never says whom it shows."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from ui import theme
from ui.tone import Tone
from ui.view_models.window import WindowScreen
from ui.views.frame import Frame, Models
from ui.widgets.ask import Ask
from ui.widgets.button import Button
from ui.widgets.curve_feed import StripSource, no_strips
from ui.widgets.dress import clothe, mark, show_when
from ui.widgets.status_banner import StatusBanner
from ui.widgets.video_surface import PictureSources
from ui.wording import text

FIRST_SIZE = (1280, 800)
LEAST_SIZE = (1024, 720)


class MainWindow(QMainWindow):
    """`sources` hand over the newest pictures; `notify()` of a surface asks to paint.

    `strips`: what is new on the curves of body sounds.
    """

    first_painted = Signal()  # once, when the first frame stands on the screen

    def __init__(
        self,
        models: Models,
        look: theme.Look,
        sources: PictureSources,
        strips: StripSource = no_strips,
    ) -> None:
        super().__init__()
        self.setWindowTitle(text("product"))
        clothe(self, look)
        self.frame = Frame(models, look, sources, strips)
        self._models = models
        self._was_painted = False
        self._defect = StatusBanner("defect.message")
        self._restart = Button("defect.restart", text("defect.restart"))
        self._go_on = Button("defect.go-on", text("defect.go-on"))
        self._defect_row = self._build_defect_row()
        self._ask = Ask("leave", text("leave.confirm"), text("leave.cancel"))
        self._ask.confirmed.connect(models.window.leave_all_the_same)
        self._ask.cancelled.connect(models.window.stay)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._defect_row)
        layout.addWidget(self._ask)
        layout.addWidget(self.frame, 1)
        self.setCentralWidget(inside)
        self.setMinimumSize(*LEAST_SIZE)
        self.resize(*FIRST_SIZE)
        models.window.changed.connect(self.draw)

    def draw(self, screen: WindowScreen) -> None:
        """The pages are the frame's; here only what is asked before the window is left."""
        if not screen.question:
            self._ask.close_unanswered()
        elif not self._ask.is_open:
            self._ask.open(screen.question)

    def _build_defect_row(self) -> QWidget:
        row = QWidget()
        mark(row, "surface", "paper")
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 12, 0)
        layout.addWidget(self._defect, 1)
        layout.addWidget(self._restart)
        layout.addWidget(self._go_on)
        self._restart.clicked.connect(self._models.window.restart)
        self._go_on.clicked.connect(lambda: row.setVisible(False))
        row.setVisible(False)
        return row

    def tell_defect(self, _report: str) -> None:
        """Said once and calmly; the call and the visit go on meanwhile."""
        self._defect.tell(text("defect.title"), text("defect.saved"), Tone.ATTENTION)
        show_when(self._defect_row, True)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self.first_painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Never closes by itself: whoever owns the program hangs up, flushes, and then ends it."""
        event.ignore()
        self._models.window.leave()
