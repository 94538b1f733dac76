"""The exam camera's pages for the gallery: bar, lease, controls, stills with drawings."""

import hashlib
from dataclasses import replace
from functools import cache
from uuid import UUID

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, SignalInstance
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter

from app.domain.camera_moves import Move
from app.domain.exam_camera import Control, Focus
from app.domain.failures import Code
from app.domain.ids import RecordId
from app.domain.stills import Drawing, Mark, MarkKind, Point, Scale
from ui import gallery_screens as made
from ui.gallery_shot import Shot
from ui.tone import Tone
from ui.view_models.exam_camera import ControlScreen, ExamScreen, LeaseScreen
from ui.view_models.stills import Compared, ShownStill, StillRowScreen, StillsScreen
from ui.view_models.window import Page
from ui.wording import failure, isolate, isolate_name, text

STILLS = [RecordId(UUID(int=100 + number)) for number in range(4)]
NURSE, DOCTOR = isolate_name("N. Okafor"), isolate_name("Dr A. Lindqvist")
WIDTH, HEIGHT = 1280, 720


def skin(number: int) -> QImage:
    """A drawn patch of skin with a mark that grows: something to draw on and to compare."""
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB888)
    painter = QPainter(image)
    shade = QLinearGradient(0, 0, WIDTH, HEIGHT)
    shade.setColorAt(0, QColor("#E3BFA4"))
    shade.setColorAt(1, QColor("#B98A6C"))
    painter.fillRect(image.rect(), shade)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor("#6B3A2A"))
    painter.setBrush(QColor("#7A4433"))
    size = 150 + 45 * number
    painter.drawEllipse(QRect(WIDTH // 2 - size // 2, HEIGHT // 2 - size // 2, size, size * 4 // 5))
    painter.end()
    return image


def png_of(image: QImage) -> bytes:
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # a format's name is text here
    return bytes(held.data())


def digest_of(image: QImage) -> str:
    return hashlib.sha256(bytes(image.constBits())).hexdigest()  # rows of 1280 need no filling


def bring_pictures(screen: StillsScreen, picture: SignalInstance) -> None:
    for one in (screen.shown, screen.compared):
        if one is not None:
            picture.emit(one.still, _png_of_skin(STILLS.index(one.still)))


@cache
def _png_of_skin(number: int) -> bytes:
    return png_of(skin(number))


EXAM_NONE = ExamScreen()
EXAM_OFF = ExamScreen(
    is_shown=True,
    absent=text("exam.none"),
    can_show=True,
    freeze_name=text("exam.freeze-name", keys=isolate("F9")),
    stills=text("exam.stills", count=0),
)
EXAM_CART = replace(
    EXAM_OFF,
    focus=Focus.EXAM,
    absent="",
    caption=text("exam.caption-own", camera=isolate_name("dermascope")),
    is_on=True,
    can_freeze=True,
    state=text("exam.still.kept"),
    state_tone=Tone.GOOD,
    stills=text("exam.stills", count=3),
)
EXAM_ASKED = replace(
    EXAM_CART,
    state="",
    lease=LeaseScreen(
        words=text("exam.lease-asked", name=DOCTOR),
        tone=Tone.ATTENTION,
        question=text("exam.lease-question", name=DOCTOR),
    ),
)
EXAM_HELD = replace(
    EXAM_CART,
    state="",
    lease=LeaseScreen(
        words=text("exam.lease-held", name=DOCTOR),
        tone=Tone.ATTENTION,
        can_take_back=True,
        moves=tuple(Move),
    ),
)
EXAM_STUCK = replace(
    EXAM_CART,
    state=text("exam.sick", time=made.AT, why=failure(Code.CAMERA_STUCK)),
    state_tone=Tone.BAD,
)
EXAM_MISSING = replace(
    EXAM_CART,
    gone=text("exam.missing"),
    state=text("exam.missing-since", time=made.AT, why=failure(Code.DEVICE_PULLED)),
    state_tone=Tone.BAD,
)
CONTROLS = (
    ControlScreen(Control.AUTO_WHITE_BALANCE, "", 0, 1, 1, 0, True, True),
    ControlScreen(Control.WHITE_BALANCE, "", 2800, 6500, 10, 4600, False, True),
    ControlScreen(Control.AUTO_EXPOSURE, "", 0, 1, 1, 1, True, True),
    ControlScreen(Control.EXPOSURE, "", 3, 2047, 1, 250, False, False),
    ControlScreen(Control.FOCUS, "", 0, 250, 5, 60, False, True),
    ControlScreen(Control.ZOOM, "", 100, 500, 1, 160, False, True),
)
EXAM_CONTROLS = replace(
    EXAM_HELD,
    is_moving_shown=True,
    controls=tuple(replace(one, name=text(f"exam.control.{one.control}")) for one in CONTROLS),
)
EXAM_FAR = replace(
    EXAM_CART,
    can_show=False,
    caption=text("exam.caption-far", name=NURSE),
    state="",
    is_on=False,
    lease=LeaseScreen(can_ask=True),
)
EXAM_FAR_BESIDE = replace(
    EXAM_FAR,
    focus=Focus.BESIDE,
    state=text("exam.still.taken-there"),
    state_tone=Tone.GOOD,
    lease=LeaseScreen(
        words=text("exam.lease-ours", name=DOCTOR),
        tone=Tone.ATTENTION,
        can_give_back=True,
        moves=tuple(Move),
    ),
)
EXAM_FAR_FACE = replace(
    EXAM_FAR,
    focus=Focus.FACE,
    lease=LeaseScreen(words=failure(Code.CAMERA_CONTROL_IDLE), can_ask=True),
)
EXAM_FAR_MISSING = replace(
    EXAM_FAR, gone=EXAM_MISSING.gone, state=EXAM_MISSING.state, state_tone=Tone.BAD
)
EXAM_FAR_MOVING = replace(EXAM_FAR_BESIDE, focus=Focus.EXAM, is_moving_shown=True)


def _row(number: int, time: str, state: str, tone: Tone, asked: str) -> StillRowScreen:
    size = isolate(f"{WIDTH} × {HEIGHT}")
    lines = (f"{size}, {text(f'stills.asked-by.{asked}')}", text("scope.hash", hash="3f9a 02c4"))
    return StillRowScreen(STILLS[number], isolate(time), lines, state, tone, f"Still {number}")


def _shown(number: int, time: str) -> ShownStill:
    words = text(
        "stills.stamp",
        patient=isolate_name("DOE, Jane (Mrs)"),
        time=isolate(time),
        size=isolate(f"{WIDTH} × {HEIGHT}"),
    )
    return ShownStill(STILLS[number], WIDTH, HEIGHT, digest_of(skin(number)), words, isolate(time))


PROVEN = text("stills.proof", percent=isolate("100 %"))
ROWS = (
    _row(3, "14:03", text("not-confirmed"), Tone.ATTENTION, "clinician"),
    _row(2, "14:01", PROVEN, Tone.GOOD, "presenter"),
    _row(1, "21-Aug-2026 09:12", text("stills.not-here"), Tone.ATTENTION, "presenter"),
    _row(0, "02-Mar-2026 10:40", text("stills.differs"), Tone.BAD, "clinician"),
)
DRAWING = Drawing(
    (
        Mark(MarkKind.ARROW, Point(300, 160), Point(520, 300)),
        Mark(MarkKind.CIRCLE, Point(640, 350), Point(840, 350)),
        Mark(MarkKind.LABEL, Point(180, 140), Point(180, 140), "irregular border"),
        Mark(MarkKind.RULER, Point(520, 470), Point(770, 470)),
    ),
    Scale(Point(80, 660), Point(480, 660), 40.0),
)
STILLS_SHUT = StillsScreen()
STILLS_EMPTY = StillsScreen(is_open=True, visit=made.VISITS[2])
STILLS_DRAWN = StillsScreen(
    is_open=True,
    visit=made.VISITS[2],
    rows=ROWS,
    shown=_shown(2, "14:01"),
    drawing=DRAWING,
    drawn_by=text("stills.drawn-by", name=DOCTOR, time=made.AT),
    choices=tuple((row.still, row.head) for row in ROWS if row.still != STILLS[2]),
    can_draw=True,
    can_export=True,
    export_question=text("stills.export-question", patient=isolate_name("DOE, Jane (Mrs)")),
    message=text("stills.drawing-kept"),
    message_tone=Tone.GOOD,
)
STILLS_BESIDE = replace(
    STILLS_DRAWN, compared=_shown(0, "02-Mar-2026 10:40"), how=Compared.BESIDE, message=""
)
STILLS_OVER = replace(STILLS_BESIDE, how=Compared.OVER, drawing=Drawing())
STILLS_CART = replace(STILLS_DRAWN, can_export=False)

_CART: dict[str, object] = {
    "visit": made.VISIT_CART,
    "call": made.CALL_CART,
    "vitals": made.VITALS_CART,
    "recordings": made.SCOPE_CART,
    "status": made.STATUS_CART,
}


def _cart(**screens: object) -> Shot:
    return Shot(Page.VISIT, {**_CART, **screens}, is_cart=True, has_pictures=True)


def _clinician(**screens: object) -> Shot:
    return Shot(Page.VISIT, dict(screens), has_pictures=True)


SHOTS: dict[str, Shot] = {
    "exam-cart-off": _cart(exam=EXAM_OFF),
    "exam-cart-shown": _cart(exam=EXAM_CART),
    "exam-cart-asked": _cart(exam=EXAM_ASKED),
    "exam-cart-held": _cart(exam=EXAM_HELD),
    "exam-cart-stuck": replace(_cart(exam=EXAM_STUCK), is_frozen=True),
    "exam-cart-missing": _cart(exam=EXAM_MISSING),
    "exam-cart-controls": _cart(exam=EXAM_CONTROLS),
    "exam-cart-stills": _cart(exam=EXAM_CART, still_pictures=STILLS_CART),
    "exam-clinician": _clinician(exam=EXAM_FAR),
    "exam-clinician-beside": _clinician(exam=EXAM_FAR_BESIDE),
    "exam-clinician-face": _clinician(exam=EXAM_FAR_FACE),
    "exam-clinician-missing": _clinician(exam=EXAM_FAR_MISSING),
    "exam-clinician-moving": _clinician(exam=EXAM_FAR_MOVING),
    "stills-empty": _clinician(exam=EXAM_FAR, still_pictures=STILLS_EMPTY),
    "stills-drawn": _clinician(exam=EXAM_FAR, still_pictures=STILLS_DRAWN),
    "stills-beside": _clinician(exam=EXAM_FAR, still_pictures=STILLS_BESIDE),
    "stills-over": _clinician(exam=EXAM_FAR, still_pictures=STILLS_OVER),
}
