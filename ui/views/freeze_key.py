"""Which words name a key that may take a still: one key, and none that means something already."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from ui.views.call import MUTE_KEYS
from ui.views.ladder import HOLD_KEYS
from ui.views.messages import LINE_KEYS

TAKEN = (MUTE_KEYS, HOLD_KEYS, LINE_KEYS)
# Without these nobody can walk through the window or write in it; one of the last five alone is
# never told as a key that was pressed.
NEEDED = frozenset(
    {
        Qt.Key.Key_Tab,
        Qt.Key.Key_Backtab,
        Qt.Key.Key_Return,
        Qt.Key.Key_Enter,
        Qt.Key.Key_Space,
        Qt.Key.Key_Escape,
        Qt.Key.Key_unknown,
        Qt.Key.Key_Shift,
        Qt.Key.Key_Control,
        Qt.Key.Key_Alt,
        Qt.Key.Key_AltGr,
        Qt.Key.Key_Meta,
    }
)


def is_freeze_key(words: str) -> bool:
    """As F9, Ctrl+K or Media Play; a foot pedal is a keyboard and sends such a key."""
    keys = QKeySequence(words)
    if keys.count() != 1 or keys[0].key() in NEEDED:  # type: ignore[index]  # the stubs leave out its operator
        return False
    return all(keys != QKeySequence(taken) for taken in TAKEN)
