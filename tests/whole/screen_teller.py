"""The real program without a display, and what stands on its screen; run by test_bad_input.py.

On standard input, in JSON: a file that stands for the key ring, who signs in, which words to wait
for. Says in JSON every text that was visible at last, and the code the program ended with.
"""

import json
import os
import sys
from pathlib import Path

import keyring
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget

from tests.fakes.keyring import KeyringInFile

WISHES = json.loads(sys.stdin.read())
RING = KeyringInFile(Path(WISHES["keyring"]))
keyring.get_keyring = lambda: RING  # type: ignore[assignment, return-value]  # before main asks

import main  # noqa: E402

LOOK_MS = 50


class Teller:
    def __init__(self, application: QApplication) -> None:
        self._application = application
        self._wants_to_sign_in = WISHES["sign_in"] is not None
        self._looks_left = WISHES["limit_s"] * 1000 // LOOK_MS
        self._timer = QTimer(application)
        self._timer.timeout.connect(self._look)
        self._timer.start(LOOK_MS)

    def _visible(self) -> dict[str, QWidget]:
        tops = [top for top in self._application.topLevelWidgets() if top.isVisible()]
        found = [widget for top in tops for widget in [top, *top.findChildren(QWidget)]]
        return {widget.objectName() or f"{at}": widget for at, widget in enumerate(found)}

    def _look(self) -> None:
        widgets = {name: one for name, one in self._visible().items() if one.isVisible()}
        if self._wants_to_sign_in and "sign-in.submit" in widgets:
            self._wants_to_sign_in = False
            for name, words in zip(("username", "password"), WISHES["sign_in"], strict=True):
                field = widgets[f"sign-in.{name}"]
                assert isinstance(field, QLineEdit)
                field.setText(words)
            submit = widgets["sign-in.submit"]
            assert isinstance(submit, QAbstractButton)
            submit.click()
        texts = {name: text for name, one in widgets.items() if (text := _text(one))}
        self._looks_left -= 1
        said = "\n".join(texts.values())
        if self._looks_left <= 0 or all(words in said for words in WISHES["until"]):
            self._timer.stop()
            print(json.dumps({"texts": texts}), flush=True)
            for top in self._application.topLevelWidgets():
                top.close()


def _text(widget: QWidget) -> str:
    return widget.accessibleName() or (widget.text() if isinstance(widget, QLabel) else "")


def run() -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    make = vars(main)["make_application"]

    def make_and_look(name: str) -> QApplication:
        application: QApplication = make(name)
        application.setProperty("teller", Teller(application))
        return application

    vars(main)["make_application"] = make_and_look
    return main.main()


if __name__ == "__main__":
    sys.exit(run())
