"""Whether there is a screen to draw on: asked of real sockets, before Qt is."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ui.display import has_display, wayland_address, x_addresses


@contextmanager
def listening(address: str | tuple[str, int]) -> Iterator[socket.socket]:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as server:
        server.bind(address)
        server.listen(16)
        yield server


def linux(**environment: str) -> bool:
    return has_display(environment, "linux")


def test_without_any_name_there_is_none() -> None:
    assert not linux()
    assert not linux(DISPLAY="", WAYLAND_DISPLAY="")


def test_a_name_behind_which_nobody_answers_is_none(tmp_path: Path) -> None:
    assert not linux(DISPLAY=":64999")
    assert not linux(WAYLAND_DISPLAY="wayland-0", XDG_RUNTIME_DIR=str(tmp_path))
    assert not linux(WAYLAND_DISPLAY="x" * 300, XDG_RUNTIME_DIR=str(tmp_path))


@pytest.mark.parametrize("named", ["wayland-0", ""])
def test_a_wayland_session_is_one(tmp_path: Path, named: str) -> None:
    with listening(str(tmp_path / "wayland-0")):
        assert linux(WAYLAND_DISPLAY=named, XDG_RUNTIME_DIR=str(tmp_path))
        assert not linux(QT_QPA_PLATFORM="xcb", XDG_RUNTIME_DIR=str(tmp_path))


def test_an_x_server_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.display.X_FOLDER", str(tmp_path))
    with listening(str(tmp_path / "X7")):
        assert linux(DISPLAY=":7") and linux(DISPLAY=":7.0") and linux(DISPLAY="unix:7.1")
        assert not linux(DISPLAY=":7", QT_QPA_PLATFORM="wayland")


def test_one_on_another_machine_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr("ui.display.X_FIRST_PORT", port - 10)
        assert linux(DISPLAY="127.0.0.1:10.0")
        assert not linux(DISPLAY="127.0.0.1:90000")


@pytest.mark.parametrize("way", ["offscreen", "minimal:x=1", "xcb;offscreen", "vnc:port=5901"])
def test_a_way_that_needs_no_screen_is_believed(way: str) -> None:
    assert linux(QT_QPA_PLATFORM=way)


def test_other_systems_are_not_asked() -> None:
    assert has_display({}, "win32") and has_display({}, "darwin")


@pytest.mark.parametrize("display", ["", "7", "host", ":", ":x", "host:-1", "host:7²"])
def test_what_names_no_screen_has_no_address(display: str) -> None:
    assert x_addresses(display) == ()


def test_where_a_wayland_socket_lies() -> None:
    assert wayland_address({"XDG_RUNTIME_DIR": "/run/user/7"}) == "/run/user/7/wayland-0"
    assert wayland_address({"WAYLAND_DISPLAY": "/elsewhere/w"}) == "/elsewhere/w"
    assert wayland_address({"WAYLAND_DISPLAY": "wayland-1"}) == ""
