"""The gate knows the newest push that carried changes, however its bytes were cut."""

import json
import random

from demo.repeat_gate import Gate, Listener

HEAD = "POST /v1/push HTTP/1.1\r\nhost: clinic\r\nContent-Length: {}\r\n\r\n"


def _push(changes: list[str]) -> bytes:
    body = json.dumps({"changes": changes}).encode()
    return HEAD.format(len(body)).encode() + body


class _Gate(Gate):
    """Without the server behind it."""

    def __init__(self) -> None:
        self.newest_push = b""


def test_the_newest_push_with_changes_is_kept_at_every_cut() -> None:
    feed = b"GET /v1/feed?since=0 HTTP/1.1\r\nhost: clinic\r\n\r\n"
    first, newest, empty = _push(["one"]), _push(["two", "three"]), _push([])
    sent = feed + first + feed + newest + empty + feed
    chance = random.Random(7)
    for _ in range(200):
        gate = _Gate()
        listener = Listener(gate)
        rest = sent
        while rest:
            size = chance.randint(1, 90)
            listener.heard(rest[:size])
            rest = rest[size:]
        assert gate.newest_push == newest


def test_what_it_cannot_follow_is_passed_without_a_look() -> None:
    gate = _Gate()
    listener = Listener(gate)
    listener.heard(b"GET /v1/signalling HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
    listener.heard(_push(["inside a socket"]))
    assert gate.newest_push == b""
