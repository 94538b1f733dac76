"""`python -m bench.call.relay A B`: carries packets between two network namespaces over TUN.

A process of its own at high priority. Obeys JSON lines on its input (see `_answer`),
answers each with one line, ends with its input.
"""

import ctypes
import fcntl
import gc
import heapq
import json
import os
import select
import struct
import sys
import time
from typing import Any

from bench.call.line_model import Shape, Way
from bench.rows import percentile

TUN_NAME = "line0"
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
_CLONE_NEWNET = 0x40000000
PACKETS_AT_ONCE = 64
LARGEST_PACKET = 2048
LATENESS_KEPT = 100_000


def tun_in(namespace: str) -> int:
    """A descriptor of a new TUN device in that namespace; usable from anywhere afterwards."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if libc.setns(there, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH", TUN_NAME.encode(), _IFF_TUN | _IFF_NO_PI))
        if libc.setns(home, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(home)
        os.close(there)
    return tun


class Relay:
    """Way 0 goes from the first namespace to the second, way 1 back."""

    def __init__(self, tuns: tuple[int, int]) -> None:
        self._tuns = tuns
        self._ways = (Way(Shape(), 0), Way(Shape(), 1))
        self._waiting: list[tuple[float, int, int, bytes]] = []  # due, order, way, packet
        self._order = 0
        self._late_ms: list[float] = []
        self._heard = b""

    def run(self) -> None:
        while True:
            now = time.monotonic()
            wait_s = max(0.0, self._waiting[0][0] - now) if self._waiting else 1.0
            ready, _, _ = select.select((*self._tuns, 0), (), (), wait_s)
            for way, tun in enumerate(self._tuns):
                if tun in ready:
                    self._take(way, tun)
            self._give()
            if 0 in ready and not self._obey():
                return

    def _take(self, way: int, tun: int) -> None:
        for _ in range(PACKETS_AT_ONCE):
            try:
                packet = os.read(tun, LARGEST_PACKET)
            except OSError:  # no more, or the interface is down
                return
            if packet[0] >> 4 != 4:
                continue  # neighbour discovery of IPv6
            due = self._ways[way].offer(time.monotonic(), len(packet))
            if due is not None:
                self._order += 1
                heapq.heappush(self._waiting, (due, self._order, way, packet))

    def _give(self) -> None:
        while self._waiting and self._waiting[0][0] <= (now := time.monotonic()):
            due, _, way, packet = heapq.heappop(self._waiting)
            if len(self._late_ms) < LATENESS_KEPT:
                self._late_ms.append((now - due) * 1000)
            try:
                os.write(self._tuns[1 - way], packet)
            except OSError:
                pass  # the interface is down: nobody is there to take it

    def _obey(self) -> bool:
        chunk = os.read(0, 65536)
        self._heard += chunk
        *lines, self._heard = self._heard.split(b"\n")
        for line in lines:
            print(json.dumps(self._answer(json.loads(line))), flush=True)
        return bool(chunk)

    def _answer(self, wish: dict[str, Any]) -> dict[str, Any]:
        match wish["do"]:
            case "begin":
                shapes, seed = wish["shapes"], wish["seed"]
                first, second = (Way(Shape(**s), 2 * seed + i) for i, s in enumerate(shapes))
                self._ways = (first, second)
                self._waiting.clear()
                self._late_ms.clear()
            case "plan":
                for way, steps in zip(self._ways, wish["ways"], strict=True):
                    shaped = [(after, Shape(**shape)) for after, shape in steps]
                    way.plan(time.monotonic(), shaped)
            case "mark":
                for way in self._ways:
                    way.counts.waits_ms.clear()
            case "counts":
                return {"ways": [self._counted(way) for way in self._ways], "late_ms": self._late()}
        return {}

    def _late(self) -> float:
        """How much later than asked packets came out, p95: what the machine adds."""
        return percentile(self._late_ms, 95) if self._late_ms else 0.0

    @staticmethod
    def _counted(way: Way) -> dict[str, float]:
        counts = way.counts
        waits = counts.waits_ms or [0.0]
        return {
            "offered": counts.offered,
            "lost": counts.lost,
            "cut": counts.cut,
            "dropped": counts.dropped,
            "passed": counts.passed,
            "passed_bytes": counts.passed_bytes,
            "wait_p50_ms": percentile(waits, 50),
            "wait_p95_ms": percentile(waits, 95),
        }


def before_all_others() -> None:
    """A late relay is a worse line than was asked for."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        try:
            os.setpriority(os.PRIO_PROCESS, 0, -15)
        except OSError:
            pass  # then the lateness in the counts tells


def main() -> None:
    tuns = (tun_in(sys.argv[1]), tun_in(sys.argv[2]))
    before_all_others()
    gc.freeze()
    print("{}", flush=True)
    Relay(tuns).run()


if __name__ == "__main__":
    main()
