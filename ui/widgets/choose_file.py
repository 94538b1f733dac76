"""The question which file, or where to: Qt's own dialog, opened and never waited for.

It is a window of its own: whoever asks closes it (`reject`) when their page goes.
"""

from collections.abc import Callable

from PySide6.QtWidgets import QFileDialog, QWidget


def choose_file(
    parent: QWidget, title: str, kinds: str, chosen: Callable[[str], None]
) -> QFileDialog:
    """`chosen` gets the path of a file that is there; it is not called when nothing was chosen."""
    dialog = QFileDialog(parent, title)
    dialog.setNameFilter(kinds)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return _open(dialog, chosen)


def choose_place(
    parent: QWidget, title: str, name: str, chosen: Callable[[str], None]
) -> QFileDialog:
    """`chosen` gets a path; the dialog itself asks before another file is overwritten."""
    dialog = QFileDialog(parent, title)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.selectFile(name)
    return _open(dialog, chosen)


def _open(dialog: QFileDialog, chosen: Callable[[str], None]) -> QFileDialog:
    dialog.fileSelected.connect(chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
