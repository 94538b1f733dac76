"""The line that can be cut: two network namespaces of our own, a veth pair, and nftables rules.

We ourselves, the server and the workstation stand at one end, the cart at the other. A cut drops
what arrives at either end, so that nobody is told: dropping on the way out would answer "not
permitted" to the sender. What passes and what is dropped is counted by the kernel.
"""

import ctypes
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.waiting import NotSo

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
HUB_ADDRESS = "10.77.0.1"
CART_ADDRESS = "10.77.0.2"
TOOLS_FOLDERS = "/usr/sbin:/sbin:/usr/bin:/bin"
TOOL_LIMIT_S = 10.0

# Order of the rules: count what arrives, then what the cut says, then count what is let through.
RULES = """
flush ruleset
table inet line {{
  counter arrived {{ }}
  counter passed_tcp {{ }}
  counter passed_udp {{ }}
  counter passed_other {{ }}
  counter dropped_tcp {{ }}
  counter dropped_udp {{ }}
  counter dropped_other {{ }}
  chain arriving {{
    type filter hook input priority 0; policy accept;
    iifname != "{interface}" accept
    counter name arrived
    jump cut
    meta l4proto tcp counter name passed_tcp accept
    meta l4proto udp counter name passed_udp accept
    counter name passed_other accept
  }}
  chain cut {{ }}
}}
"""
BLACK_HOLE = """
flush chain inet line cut
add rule inet line cut meta l4proto tcp counter name dropped_tcp drop
add rule inet line cut meta l4proto udp counter name dropped_udp drop
add rule inet line cut counter name dropped_other drop
"""
# Refusals themselves must get through, or nobody would hear them.
REFUSING = """
flush chain inet line cut
add rule inet line cut tcp flags & rst == rst accept
add rule inet line cut meta l4proto icmp accept
add rule inet line cut meta l4proto tcp counter name dropped_tcp reject with tcp reset
add rule inet line cut counter name dropped_udp reject with icmpx type port-unreachable
"""
HEALED = "flush chain inet line cut\n"
# Of what arrives at each end so many in ten thousand are lost.
LOSSY = """
flush chain inet line cut
add rule inet line cut numgen random mod 10000 < {lost} counter name dropped_other drop
"""
BUCKET_BYTES, QUEUE_MS = 3000, 400  # tc-tbf(8): two packets at once, then what the rate lets pass
# The cart's way to the server alone, given as a port; media passes.
SERVER_ONLY = """
flush chain inet line cut
add rule inet line cut tcp dport {port} counter name dropped_tcp drop
add rule inet line cut tcp sport {port} counter name dropped_tcp drop
"""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Packets at both ends of the line since the start."""

    passed: int
    dropped_tcp: int
    dropped_udp: int

    def since(self, before: "Traffic") -> "Traffic":
        return Traffic(
            self.passed - before.passed,
            self.dropped_tcp - before.dropped_tcp,
            self.dropped_udp - before.dropped_udp,
        )


class Network:
    """Both ends. Made by `open_network`, once in a process and before its threads start."""

    def __init__(self, hub: int, cart: int) -> None:
        self._hub = hub
        self._cart = cart
        self._ends = ((hub, "hub0"), (cart, "cart0"))
        self.is_cut = False

    @contextmanager
    def at_cart(self) -> Iterator[None]:
        """Programs started inside stand at the cart's end of the line."""
        _enter(self._cart)
        try:
            yield
        finally:
            _enter(self._hub)

    def black_hole(self) -> None:
        """Packets of all kinds vanish unanswered, both ways."""
        self._rule(BLACK_HOLE)
        self.is_cut = True

    def refuse(self) -> None:
        """Every connection is reset and every datagram answered with "unreachable"."""
        self._rule(REFUSING)
        self.is_cut = True

    def cut_server_only(self, port: int) -> None:
        self._rule(SERVER_ONLY.format(port=port))

    def narrow(self, bit_s: int, loss: float) -> None:
        """Each way carries so many bits a second (tc-tbf) and loses that share of its packets."""
        for end, interface in self._ends:
            with _standing_at(end, self._hub):
                _tool(
                    *("tc", "qdisc", "replace", "dev", interface, "root", "tbf"),
                    *("rate", f"{bit_s}bit", "burst", str(BUCKET_BYTES)),
                    *("latency", f"{QUEUE_MS}ms"),
                )
        self._rule(LOSSY.format(lost=round(10_000 * loss)))
        self.is_cut = False

    def heal(self) -> None:
        self._rule(HEALED)
        self.is_cut = False

    def traffic(self) -> Traffic:
        count: dict[str, int] = {}
        for end, _ in self._ends:
            with _standing_at(end, self._hub):
                listed = json.loads(_tool("nft", "--json", "list", "counters"))
            for item in listed["nftables"]:
                if "counter" in item:
                    name = item["counter"]["name"]
                    count[name] = count.get(name, 0) + int(item["counter"]["packets"])
        return Traffic(
            count["passed_tcp"] + count["passed_udp"] + count["passed_other"],
            count["dropped_tcp"],
            count["dropped_udp"],
        )

    def _rule(self, rules: str) -> None:
        for end, _ in self._ends:
            with _standing_at(end, self._hub):
                _tool("nft", "-f", "-", stdin=rules)

    def make(self) -> None:
        _tool("ip", "link", "set", "lo", "up")
        peer = f"/proc/{os.getpid()}/fd/{self._cart}"
        _tool(
            *("ip", "link", "add", "hub0", "type", "veth"),
            *("peer", "name", "cart0", "netns", peer),
        )
        self._dress("hub0", HUB_ADDRESS)
        with self.at_cart():
            _tool("ip", "link", "set", "lo", "up")
            self._dress("cart0", CART_ADDRESS)

    def _dress(self, interface: str, address: str) -> None:
        _tool("ip", "address", "add", f"{address}/24", "dev", interface)
        _tool("ip", "link", "set", interface, "up")
        _tool("nft", "-f", "-", stdin=RULES.format(interface=interface))


def as_root_of_our_own(command: list[str]) -> list[str]:
    """The command that starts `command` again as root of a user namespace; empty: not needed.

    The kernel lets only a process with one thread make such a namespace for itself, and a number
    library has started its threads by the time that we are asked.
    """
    if os.geteuid() == 0 or shutil.which("unshare", path=TOOLS_FOLDERS) is None:
        return []
    tried = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*tried, "true"], capture_output=True, timeout=TOOL_LIMIT_S).returncode:
        return []
    return [*tried, *command]


def open_network() -> Network:
    """Moves this process into a network of its own; NotSo, with the reason, when that is refused.

    There is no way back: the caller is a demonstration or a test run, not a workstation.
    """
    for tool in ("ip", "nft"):
        if shutil.which(tool, path=TOOLS_FOLDERS) is None:
            raise NotSo(f"no network of our own: the program {tool!r} is not installed")
    if os.geteuid() == 0:
        _unshare(CLONE_NEWNET)
    else:
        user, group = os.geteuid(), os.getegid()
        _unshare(CLONE_NEWUSER | CLONE_NEWNET)
        _become_root_inside(user, group)
    hub = _own_namespace()
    _unshare(CLONE_NEWNET)
    cart = _own_namespace()
    _enter(hub)
    network = Network(hub, cart)
    network.make()
    return network


def _become_root_inside(user: int, group: int) -> None:
    """Root inside of our own namespace only; outside we stay who we are."""
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    except OSError as error:
        raise NotSo(f"no network of our own: {error.strerror}") from error


def _own_namespace() -> int:
    return os.open(f"/proc/self/task/{_thread()}/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _thread() -> int:
    return int(os.readlink("/proc/thread-self").rpartition("/")[2])


def _unshare(flags: int) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        reason = os.strerror(ctypes.get_errno())
        raise NotSo(f"no network of our own: this machine refuses name spaces ({reason})")


def _enter(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET):
        raise NotSo(f"cannot change the end of the line: {os.strerror(ctypes.get_errno())}")


@contextmanager
def _standing_at(end: int, back: int) -> Iterator[None]:
    _enter(end)
    try:
        yield
    finally:
        _enter(back)


def _tool(*command: str, stdin: str = "") -> str:
    """`ip`, `tc` and `nft` speak to the namespace that this thread stands in."""
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TOOL_LIMIT_S,
            env={"PATH": TOOLS_FOLDERS, "LC_ALL": "C"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotSo(f"{command[0]} did not end within {TOOL_LIMIT_S:.0f} s") from None
    if done.returncode:
        raise NotSo(f"no network of our own: {' '.join(command[:4])}: {done.stderr.strip()[:300]}")
    return done.stdout
