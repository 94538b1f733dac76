"""Gives widgets what every one of them must have: identifier, accessible name, kind, tone."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QWidget

from ui import theme
from ui.tone import Tone
from ui.wording import spoken


def dress(application: QApplication, look: theme.Look) -> None:
    """One style and one font family for every window."""
    font = QFont(theme.FONT_FAMILY)
    font.setPixelSize(look.type_size(theme.BODY))
    application.setStyle("Fusion")  # the same on every desktop
    application.setFont(font)


def clothe(window: QWidget, look: theme.Look) -> None:
    """The style sheet of a window and all in it, dialogs too. Not the application's: with that, Qt
    styles a part with all that is in it anew each time it is put into another.
    """
    window.setStyleSheet(theme.style_sheet(look))


def identify(widget: QWidget, identifier: str, name: str = "") -> None:
    """`identifier` is stable and found by tests and tools; `name` is what a screen reader says."""
    widget.setObjectName(identifier)
    widget.setAccessibleIdentifier(identifier)
    if name:
        call(widget, name)


def call(widget: QWidget, name: str) -> None:
    """Sets the accessible name, only when it changed."""
    name = spoken(name)
    if widget.accessibleName() != name:
        widget.setAccessibleName(name)


def mark(widget: QWidget, property_name: str, value: str | bool) -> None:
    """Sets what the style sheet asks for and draws anew, only when it changed."""
    if widget.property(property_name) == value:
        return
    widget.setProperty(property_name, value)
    if not widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        return  # it is styled when it is shown or measured first, and not before as well
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)


def tone_of(widget: QWidget, tone: Tone) -> None:
    mark(widget, "tone", str(tone))


def keep_room(widget: QWidget) -> None:
    """Hidden, it still takes its place: nothing else slides under a finger."""
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    widget.setSizePolicy(policy)


def show_when(widget: QWidget, is_shown: bool) -> None:
    """setVisible for parts of a page, without work when nothing changes."""
    if widget.isHidden() == is_shown:
        widget.setVisible(is_shown)
