"""Tokens of colour, type and space, and the one style sheet made from them. Plain text, no Qt.

Light for records, dark for pictures. The alarm colours stand here so that nothing else takes them:
Bedside raises no alarms yet, and no brand, button or state is drawn in them.
"""

from dataclasses import dataclass
from importlib.resources import files
from string import Template

# --- colour ------------------------------------------------------------------------------------
PAPER = "#FFFFFF"
GROUND = "#EEF1F4"
LINE = "#C3CBD3"
EDGE = "#66717C"  # edges of controls
INK = "#14181C"
MUTED = "#47525D"
PRIMARY = "#1668B5"
PRIMARY_DOWN = "#0F4F8C"
ON_PRIMARY = "#FFFFFF"
CHOSEN = "#DCEAF8"
DISABLED_FILL = "#E3E7EB"
DISABLED_INK = "#5C6670"

GOOD = "#1B6B3A"
GOOD_FILL = "#E2F2E7"
ATTENTION = "#6E4400"
ATTENTION_FILL = "#FCEFD8"
BAD = "#8C1D40"
BAD_FILL = "#FAE3EA"

BANNER = "#003087"
ON_BANNER = "#FFFFFF"
BANNER_LABEL = "#C9D6F2"

DARK = "#101418"
DARK_RAISED = "#2A323A"
DARK_EDGE = "#8A96A2"
ON_DARK = "#FFFFFF"
MUTED_ON_DARK = "#B4BFC9"
GOOD_ON_DARK = "#7FD7A4"
ATTENTION_ON_DARK = "#F2C46D"
BAD_ON_DARK = "#F5A3BB"

# Vital signs, as text on DARK; blood pressure is white.
VITAL_PRESSURE = "#FFFFFF"
VITAL_PULSE = "#2BD39A"
VITAL_SATURATION = "#56B4E9"
VITAL_TEMPERATURE = "#E69F00"
VITAL_STALE = "#A7B1BB"
CURVE = "#2BD39A"
CURVE_STALE = "#7C8690"
CURVE_GRID = "#232B33"  # five millimetres of paper
CURVE_GRID_STRONG = "#33404C"  # each fifth of them: a second at 25 mm/s
CURVE_HOLE = "#2A2F36"  # nothing came, or not in time
CURVE_PLAYHEAD = "#FFFFFF"
CURVE_SECOND = "#7FB4F0"  # the earlier recording beside the newer
CURVE_LABEL = "#F2C46D"
# Loudness of a band from nothing to the loudest, as (share, colour); even to the eye.
SPECTRUM = (
    (0.0, "#101418"),
    (0.35, "#1B3A6B"),
    (0.6, "#1F8A8C"),
    (0.8, "#8FD14F"),
    (1.0, "#FFF3B0"),
)

ALARM_HIGH = "#C4001A"
ALARM_MEDIUM = "#FFD400"
ALARM_LOW = "#00B8D4"

# --- type and space, in pixels at scale 1 --------------------------------------------------------
FONT_FAMILY = "DejaVu Sans"
SMALL = 12
BODY = 14
LARGE = 16
TITLE = 22
VALUE = 34

GAP = 8
CALL_BAR = 56
TOUCH_TARGET = 48
DESK_TARGET = 32
RING = 3


@dataclass(frozen=True, slots=True)
class Look:
    """How large, and for a finger or for a mouse. `scale` multiplies type, not space."""

    scale: float = 1.0
    is_touch: bool = False

    def type_size(self, pixels: int) -> int:
        return round(pixels * self.scale)

    @property
    def target(self) -> int:
        """The least height of a control."""
        return max(TOUCH_TARGET if self.is_touch else DESK_TARGET, round(22 * self.scale) + 8)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    def linear(channel: int) -> float:
        part = channel / 255
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


_SHEET = Template("""
* { font-family: "$FONT_FAMILY"; font-size: ${BODY}px; color: $INK; }
QWidget#window, QWidget[surface="ground"] { background: $GROUND; }
QWidget[surface="paper"] { background: $PAPER; }
QWidget[surface="panel"] { background: $PAPER; border: 1px solid $LINE; border-radius: 4px; }
QWidget[surface="card"] { background: $PAPER; border: 1px solid $LINE; border-radius: 4px; }
QWidget[surface="card"]:focus { border: ${RING}px solid $INK; }
QWidget[surface="dark"] { background: $DARK; }
QWidget[surface="banner"] { background: $BANNER; }
QWidget[surface="status"] { background: $PAPER; border-top: 1px solid $LINE; }
QWidget[surface="question"] { background: $ATTENTION_FILL; border: 1px solid $ATTENTION; }
QScrollArea, QScrollArea > QWidget > QWidget[surface="rows"] { background: transparent; }

QLabel { background: transparent; }
QLabel[words="small"] { font-size: ${SMALL}px; color: $MUTED; }
QLabel[words="large"] { font-size: ${LARGE}px; }
QLabel[words="large-strong"] { font-size: ${LARGE}px; font-weight: bold; }
QLabel[words="strong"] { font-weight: bold; }
QLabel[words="panel-title"] { font-size: ${LARGE}px; font-weight: bold; }
QLabel[words="title"] { font-size: ${TITLE}px; font-weight: bold; }
QLabel[words="clock"] { font-size: ${LARGE}px; font-weight: bold; color: $ON_DARK; }
QLabel[words="small-on-dark"] { font-size: ${SMALL}px; color: $MUTED_ON_DARK; }
QLabel[words="on-dark"] { color: $ON_DARK; }
QLabel[words="call-state"] { color: $ON_DARK; font-size: ${LARGE}px; font-weight: bold; }
QLabel[words="caption"] { color: $ON_DARK; background: $DARK; font-size: ${SMALL}px;
  padding: 2px 6px; }
QLabel[words="frozen"] { color: $DARK; background: $ON_DARK; font-weight: bold; padding: 4px 10px; }
QLabel[words="banner-name"] { color: $ON_BANNER; font-size: ${TITLE}px; font-weight: bold; }
QLabel[words="banner-label"] { color: $BANNER_LABEL; font-size: ${SMALL}px; }
QLabel[words="banner-value"] { color: $ON_BANNER; font-size: ${LARGE}px; font-weight: bold; }
QLabel[words="banner-allergies"] { color: $INK; background: $PAPER; font-size: ${LARGE}px;
  font-weight: bold; padding: 1px 8px; border-radius: 3px; }
QLabel[words="banner-no-allergies"] { color: $ON_BANNER; background: transparent;
  font-size: ${LARGE}px; font-weight: bold; padding: 1px 8px; }
QLabel[words="mark"] { color: $ATTENTION; background: $ATTENTION_FILL; font-weight: bold;
  font-size: ${SMALL}px; border: 1px solid $ATTENTION; border-radius: 3px; padding: 2px 8px; }
QLabel[words="row"] { background: $PAPER; border: 1px solid transparent;
  border-bottom: 1px solid $LINE; padding: 4px; }
QLabel[words="row"]:focus { border: ${RING}px solid $INK; padding: 2px; }

QLabel[tone="good"] { color: $GOOD; }
QLabel[tone="attention"] { color: $ATTENTION; }
QLabel[tone="bad"] { color: $BAD; font-weight: bold; }
QLabel[words="on-dark"][tone="good"], QLabel[words="call-state"][tone="good"],
QLabel[words="small-on-dark"][tone="good"] { color: $GOOD_ON_DARK; }
QLabel[words="on-dark"][tone="attention"], QLabel[words="call-state"][tone="attention"],
QLabel[words="small-on-dark"][tone="attention"] { color: $ATTENTION_ON_DARK; }
QLabel[words="on-dark"][tone="bad"], QLabel[words="call-state"][tone="bad"],
QLabel[words="small-on-dark"][tone="bad"] { color: $BAD_ON_DARK; }
QLabel[words="chip"] { padding: 2px 8px; border-radius: 3px; background: $GROUND; }
QLabel[words="chip"][tone="good"] { background: $GOOD_FILL; }
QLabel[words="chip"][tone="attention"] { background: $ATTENTION_FILL; }
QLabel[words="chip"][tone="bad"] { background: $BAD_FILL; }
QLabel[words="strip"] { padding: 6px 12px; border-left: 8px solid $EDGE; background: $PAPER; }
QLabel[words="strip"][tone="good"] { border-left-color: $GOOD; background: $GOOD_FILL; }
QLabel[words="strip"][tone="attention"] { border-left-color: $ATTENTION;
  background: $ATTENTION_FILL; }
QLabel[words="strip"][tone="bad"] { border-left-color: $BAD; background: $BAD_FILL;
  font-weight: normal; }

QPushButton { background: $PAPER; color: $INK; border: 1px solid $EDGE; border-radius: 4px;
  padding: 0px 12px; min-height: ${inner}px; }
QPushButton:hover { background: $CHOSEN; }
QPushButton:pressed { background: $LINE; }
QPushButton:focus { border: ${RING}px solid $INK; padding: 0px 10px; min-height: ${ringed}px; }
QPushButton:disabled { background: $DISABLED_FILL; color: $DISABLED_INK; border-color: $LINE; }
QPushButton[kind="primary"] { background: $PRIMARY; color: $ON_PRIMARY; font-weight: bold;
  border-color: $PRIMARY; }
QPushButton[kind="primary"]:focus { border-color: $INK; }
QPushButton[kind="primary"]:hover, QPushButton[kind="primary"]:pressed {
  background: $PRIMARY_DOWN; }
QPushButton[kind="primary"]:disabled { background: $DISABLED_FILL; color: $DISABLED_INK;
  border-color: $LINE; }
QPushButton[kind="stop"] { background: $INK; color: $ON_DARK; font-weight: bold;
  font-size: ${LARGE}px; border-color: $INK; }
QPushButton[kind="stop"]:hover { background: $DARK_RAISED; }
QPushButton[kind="stop"]:focus { border-color: $PRIMARY; }
QPushButton[kind="row"] { text-align: left; border: 1px solid $LINE; padding: 0px; }
QPushButton[kind="row"]:focus { border: ${RING}px solid $INK; padding: 0px; }
QPushButton[kind="row"][chosen="true"] { background: $CHOSEN; border: 2px solid $PRIMARY; }
QPushButton[kind="row"][chosen="true"]:focus { border: ${RING}px solid $INK; }
QPushButton[kind="link"] { border: 1px solid transparent; background: transparent;
  text-decoration: underline; }
QPushButton[kind="link"]:focus { border: ${RING}px solid $INK; }
QPushButton[kind="status"] { font-size: ${SMALL}px; padding: 0px 8px;
  min-height: ${small_inner}px; }
QPushButton[kind="status"]:focus { padding: 0px 6px; min-height: ${small_ringed}px; }
QPushButton[kind="status"][tone="attention"] { color: $ATTENTION; background: $ATTENTION_FILL; }
QPushButton[kind="status"][tone="bad"] { color: $BAD; background: $BAD_FILL; font-weight: bold; }
QPushButton[chosen="true"] { background: $CHOSEN; border: 2px solid $PRIMARY; }
QPushButton[chosen="true"]:focus { border: ${RING}px solid $INK; }
QPushButton[kind="site"] { border-radius: ${site_round}px; padding: 0px; min-height: 0px;
  font-weight: bold; font-size: ${SMALL}px; }
QPushButton[kind="site"]:focus { border: ${RING}px solid $INK; padding: 0px; min-height: 0px; }
QPushButton[kind="site"][recorded="true"] { background: $GOOD_FILL; border-color: $GOOD; }
QPushButton[kind="site"][chosen="true"] { background: $PRIMARY; color: $ON_PRIMARY;
  border: 2px solid $PRIMARY_DOWN; }
QPushButton[kind="site"][chosen="true"]:focus { border: ${RING}px solid $INK; }
QPushButton[kind="site"][live="true"] { background: $ATTENTION_FILL; color: $ATTENTION;
  border: 3px solid $ATTENTION; }
QPushButton[kind="tab"] { border: 1px solid $LINE; border-bottom: 4px solid $LINE;
  border-radius: 0px; padding: 0px 2px; min-height: ${tab}px; }
QPushButton[kind="tab"][chosen="true"] { border-bottom: 4px solid $PRIMARY; font-weight: bold;
  background: $CHOSEN; }
QPushButton[kind="tab"][tone="attention"] { color: $ATTENTION; }
QPushButton[kind="tab"]:focus { border: ${RING}px solid $INK; padding: 0px;
  min-height: ${ringed}px; }
QPushButton[kind="great"] { border: 2px solid $EDGE; padding: 0px; }
QPushButton[kind="great"]:focus { border: ${RING}px solid $INK; padding: 0px; }
QPushButton[kind="great-primary"] { background: $PRIMARY; border: 2px solid $PRIMARY; padding: 0px;}
QPushButton[kind="great-primary"]:hover, QPushButton[kind="great-primary"]:pressed {
  background: $PRIMARY_DOWN; }
QPushButton[kind="great-primary"]:focus { border: ${RING}px solid $INK; padding: 0px; }
QPushButton[kind="great-primary"]:disabled { background: $DISABLED_FILL; border-color: $LINE; }
QLabel[words="great"] { font-size: ${TITLE}px; font-weight: bold; }
QLabel[words="great-on-primary"] { font-size: ${TITLE}px; font-weight: bold; color: $ON_PRIMARY; }
QLabel[words="detail-on-primary"] { color: $ON_PRIMARY; }
QLabel[words="great-disabled"] { font-size: ${TITLE}px; font-weight: bold;
  color: $DISABLED_INK; }
QLabel[words="detail-disabled"] { color: $DISABLED_INK; }

QWidget[surface="dark"] QPushButton { background: $DARK_RAISED; color: $ON_DARK;
  border: 1px solid $DARK_EDGE; }
QWidget[surface="dark"] QPushButton:hover { background: $MUTED; }
QWidget[surface="dark"] QPushButton:focus { border: ${RING}px solid $ON_DARK; }
QWidget[surface="dark"] QPushButton:disabled { color: $DARK_EDGE; background: $DARK;
  border-color: $MUTED; }
QWidget[surface="dark"] QPushButton[kind="primary"] { background: $PRIMARY;
  border-color: $PRIMARY; }
QWidget[surface="dark"] QPushButton[kind="primary"]:focus { border-color: $ON_DARK; }
QWidget[surface="dark"] QPushButton[kind="primary"]:disabled { color: $DARK_EDGE;
  background: $DARK; border-color: $MUTED; }
QWidget[surface="dark"] QPushButton[alert="true"] { background: $ON_DARK; color: $DARK;
  font-weight: bold; }
QWidget[surface="dark"] QPushButton[alert="true"]:focus { border-color: $PRIMARY; }

QLineEdit, QPlainTextEdit, QComboBox { background: $PAPER; color: $INK; border: 1px solid $EDGE;
  border-radius: 4px; padding: 2px 8px; selection-background-color: $PRIMARY;
  selection-color: $ON_PRIMARY; }
QLineEdit, QComboBox { min-height: ${field}px; }
QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus { border: ${RING}px solid $INK;
  padding: 0px 6px; }
QLineEdit:disabled, QPlainTextEdit:disabled, QComboBox:disabled { background: $DISABLED_FILL;
  color: $DISABLED_INK; }
QComboBox::drop-down { border: none; width: 32px; }
QComboBox::down-arrow { image: url("$down_arrow"); width: 18px; height: 18px; }
QPlainTextEdit[shut="true"], QLineEdit[shut="true"] { background: $DISABLED_FILL;
  color: $DISABLED_INK; }
QComboBox QAbstractItemView { background: $PAPER; color: $INK;
  selection-background-color: $PRIMARY; selection-color: $ON_PRIMARY; }

QProgressBar { background: $DARK; border: 1px solid $DARK_EDGE; border-radius: 3px; }
QProgressBar::chunk { background: $GOOD_ON_DARK; }
QScrollBar:vertical { background: $GROUND; width: 14px; margin: 0px; }
QScrollBar::handle:vertical { background: $EDGE; min-height: 32px; border-radius: 4px;
  margin: 2px; }
QScrollBar::add-line:vertical, QScrollBar::sub-line:vertical { height: 0px; }
QScrollBar::add-page:vertical, QScrollBar::sub-page:vertical { background: transparent; }
""")


def site_side(look: Look) -> int:
    """Of a place on the body: they lie close to each other."""
    return min(look.target, TOUCH_TARGET)


def style_sheet(look: Look) -> str:
    """The whole sheet for this look."""
    tokens: dict[str, str | int] = {
        name: value
        for name, value in globals().items()
        if name.isupper() and isinstance(value, str | int)
    }
    tokens |= {name: look.type_size(globals()[name]) for name in ("SMALL", "BODY", "LARGE")}
    tokens |= {name: look.type_size(globals()[name]) for name in ("TITLE", "VALUE")}
    small = max(DESK_TARGET - 4, look.type_size(SMALL) + 12, TOUCH_TARGET * look.is_touch)
    tokens |= {
        "inner": look.target - 2,
        "ringed": look.target - 2 * RING,
        "small_inner": small - 2,
        "small_ringed": small - 2 * RING,
        "field": look.target - 6,
        "site_round": site_side(look) // 2,
        "tab": look.target - 5,
        "down_arrow": str(files("resources").joinpath("icons", "down.svg")),
    }
    return _SHEET.substitute(tokens)
