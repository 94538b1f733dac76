"""A user's hands and eyes, run by Debian's own Python: orders and answers as JSON lines.

Finds a program by its process id and its widgets by accessible id, reads, presses and writes. It
knows nothing of any product. Nothing is cached but where a widget was found last.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402  # its version must be named first

LOOK_S = 0.05
ANSWER_LIMIT_MS = 5000
DEEPEST = 40
PRESSES = ("press", "click", "toggle", "activate", "jump")


Node = Any  # the library has no types
Answer = dict[str, Any]


class NotThere(Exception):
    """No such program or widget now."""


class Screen:
    """The windows of one process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._known: dict[str, Node] = {}

    def find(self, wanted: str) -> Node:
        """Two pages may hold the same widget: the one that is shown is meant."""
        known = self._known.get(wanted)
        if known is not None:
            try:
                if has_id(known, wanted) and is_showing(known):
                    return known
            except GLib.Error:
                pass
            del self._known[wanted]
        hidden = None
        for node in self.walk():
            if has_id(node, wanted):
                if is_showing(node):
                    self._known[wanted] = node
                    return node
                hidden = hidden or node
        if hidden is None:
            raise NotThere(f"no widget {wanted!r}")
        return hidden

    def find_all(self, start: str) -> list[tuple[str, Node]]:
        """Every widget whose id begins so, as (id, widget), in the order of the tree."""
        found = []
        for node in self.walk():
            identity = id_of(node)
            if identity.startswith(start):
                found.append((identity, node))
        return found

    def walk(self) -> Iterator[Node]:
        edge = [(application_of(self.pid), 0)]
        while edge:
            node, depth = edge.pop()
            yield node
            if depth < DEEPEST:
                edge += [(child, depth + 1) for child in reversed(children_of(node))]


def application_of(pid: int) -> Node:
    for application in children_of(Atspi.get_desktop(0)):
        try:
            if application.get_process_id() == pid:
                return application
        except GLib.Error:
            continue  # it ended meanwhile
    raise NotThere(f"no window of process {pid}")


def children_of(node: Node) -> list[Node]:
    found = []
    try:
        for place in range(node.get_child_count()):
            child = node.get_child_at_index(place)
            if child is not None:
                found.append(child)
    except GLib.Error:
        pass  # it went away while we looked
    return found


def id_of(node: Node) -> str:
    """Qt tells an id that nobody set as a path of object names; its last part is the name."""
    try:
        return str(node.get_accessible_id() or "")
    except GLib.Error:
        return ""


def has_id(node: Node, wanted: str) -> bool:
    identity = id_of(node)
    return identity == wanted or identity.endswith("." + wanted)


def is_showing(node: Node) -> bool:
    return bool(node.get_state_set().contains(Atspi.StateType.SHOWING))


def states_of(node: Node) -> list[str]:
    return sorted(state.value_nick for state in node.get_state_set().get_states())


def shown_of(node: Node) -> Answer:
    """All that a screen reader could tell of it, and where it is."""
    shown: Answer = {
        "id": id_of(node),
        "name": node.get_name() or "",
        "description": node.get_description() or "",
        "role": node.get_role_name(),
        "states": states_of(node),
        "text": "",
        "value": None,
        "box": None,
    }
    interfaces = node.get_interfaces()
    if "Text" in interfaces:
        shown["text"] = Atspi.Text.get_text(node, 0, -1) or ""
    if "Value" in interfaces:
        shown["value"] = node.get_current_value()
    if "Component" in interfaces:
        box = node.get_extents(Atspi.CoordType.SCREEN)
        shown["box"] = [box.x, box.y, box.width, box.height]
    return shown


def press(node: Node) -> None:
    """The first action that means pressing; a disabled widget is not pressed."""
    if not node.get_state_set().contains(Atspi.StateType.ENABLED):
        raise NotThere(f"{id_of(node)} is disabled")
    names = [node.get_action_name(number).lower() for number in range(node.get_n_actions())]
    for wanted in PRESSES:
        if wanted in names:
            node.do_action(names.index(wanted))
            return
    raise NotThere(f"{id_of(node)} cannot be pressed: {names}")


def write(node: Node, text: str) -> None:
    if not node.get_state_set().contains(Atspi.StateType.ENABLED):
        raise NotThere(f"{id_of(node)} is disabled")
    node.set_text_contents(text)


def choose(node: Node, name: str) -> None:
    """One of the choices of a list or box, by its words."""
    waiting = [node]
    while waiting:
        item = waiting.pop(0)
        if item is not node and (item.get_name() or "") == name:
            parent = item.get_parent()
            if "Selection" in parent.get_interfaces():
                parent.select_child(item.get_index_in_parent())
            else:
                press(item)
            return
        waiting += children_of(item)
    raise NotThere(f"{id_of(node)} has no choice {name!r}")


def fits(node: Node, order: Answer) -> Answer | None:
    shown = shown_of(node)
    if "words" in order:
        place = f"{shown['name']}\n{shown['text']}\n{shown['description']}"
        if not re.search(order["words"], place):
            return None
    if "without" in order:
        place = f"{shown['name']}\n{shown['text']}\n{shown['description']}"
        if re.search(order["without"], place):
            return None
    if "state" in order and order["state"] not in shown["states"]:
        return None
    return shown


def waited(screen: Screen, order: Answer) -> Answer:
    """Look until it fits or the limit is over; `gone` waits for the widget to vanish."""
    until = time.monotonic() + order["limit_s"]
    look_s = order.get("look_s", LOOK_S)
    last = ""
    while True:
        try:
            node = screen.find(order["id"])
            is_shown = is_showing(node)
            if order.get("gone"):
                if not is_shown:
                    return {}
                last = "still there"
            elif is_shown or order.get("hidden_too"):
                shown = fits(node, order)
                if shown is not None:
                    return shown
                last = json.dumps(shown_of(node))
            else:
                last = "there but not visible"
        except (GLib.Error, NotThere) as error:
            if order.get("gone") and isinstance(error, NotThere):
                return {}
            last = str(error)
        if time.monotonic() > until:
            raise NotThere(f"{order['id']}: {last}")
        time.sleep(look_s)


def acted(screen: Screen, order: Answer, act: Callable[[Node], None]) -> Answer:
    """Wait until the widget is there and enabled, then act."""
    waited(screen, {**order, "state": "enabled"})
    act(screen.find(order["id"]))
    return {}


ORDERS: dict[str, Callable[[Screen, Answer], Answer]] = {
    "read": lambda screen, order: shown_of(screen.find(order["id"])),
    "wait": waited,
    "press": lambda screen, order: acted(screen, order, press),
    "write": lambda screen, order: acted(screen, order, lambda node: write(node, order["text"])),
    "choose": lambda screen, order: acted(screen, order, lambda node: choose(node, order["name"])),
    "list": lambda screen, order: {
        "rows": [shown_of(node) for _, node in screen.find_all(order["start"])]
    },
    "tree": lambda screen, order: {"rows": [shown_of(node) for node in screen.walk()]},
}


def main() -> None:
    Atspi.init()
    Atspi.set_timeout(ANSWER_LIMIT_MS, ANSWER_LIMIT_MS)
    Atspi.get_desktop(0).set_cache_mask(Atspi.Cache.NONE)
    screens: dict[int, Screen] = {}
    for line in sys.stdin:
        order = json.loads(line)
        try:
            screen = screens.setdefault(order["pid"], Screen(order["pid"]))
            answer: Answer = {"answer": ORDERS[order["order"]](screen, order)}
        except (GLib.Error, NotThere) as error:
            answer = {"not_so": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
