"""Joins three network namespaces by one relay with delay, whose arms can be cut. Root only.

`python -m tests.whole.star_relay DELAY_MS NAMESPACE...`: arm N gets 10.98.N.2 on its `line0`. Each
line of standard input is `cut N` or `heal N`: of a cut arm nothing passes, either way, unanswered.
What is for many (224.0.0.0/4) goes to all other arms, as in one building.
"""

import ctypes
import fcntl
import heapq
import os
import selectors
import struct
import subprocess
import sys
import time

MTU = 1400
SET_INTERFACE = 0x400454CA  # TUNSETIFF of linux/if_tun.h
NO_PACKET_INFO_TUN = 0x1001
CLONE_NEW_NET = 0x40000000


def inside_of(namespace: str) -> tuple[str, ...]:
    """What a command begins with to run there. `ip -n` mounts anew what lies at the root, which
    must then be a mount of its own: in a tree that was only changed into it is none.
    """
    return ("nsenter", f"--net=/run/netns/{namespace}")


def open_line(namespace: str, number: int) -> int:
    """A TUN device in that namespace, usable from ours."""
    library = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as home, open(f"/run/netns/{namespace}") as there:
        if library.setns(there.fileno(), CLONE_NEW_NET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        try:
            line = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(line, SET_INTERFACE, struct.pack("16sH22x", b"line0", NO_PACKET_INFO_TUN))
        finally:
            library.setns(home.fileno(), CLONE_NEW_NET)
    for words in (
        f"address add 10.98.{number}.2/24 dev line0",
        f"link set line0 mtu {MTU} up",
        "link set lo up",
        "route add default dev line0",
    ):
        subprocess.run([*inside_of(namespace), "ip", *words.split()], check=True)
    return line


def arms_for(packet: bytes, since: int, arms: int) -> list[int]:
    """Where an IPv4 packet goes that came from the arm `since`; what goes nowhere is lost."""
    if packet[0] >> 4 != 4:
        return []
    if packet[16] >> 4 == 14:
        return [arm for arm in range(arms) if arm != since]
    return [packet[18]] if packet[16:18] == b"\x0a\x62" and packet[18] < arms else []


def main() -> None:
    delay_s, names = float(sys.argv[1]) / 1000, sys.argv[2:]
    lines = [open_line(name, number) for number, name in enumerate(names)]
    cut: set[int] = set()
    waiting: list[tuple[float, int, int, int, bytes]] = []
    packets = 0
    watched = selectors.DefaultSelector()
    for number, line in enumerate(lines):
        watched.register(line, selectors.EVENT_READ, number)
    watched.register(0, selectors.EVENT_READ, None)
    print("ready", flush=True)
    while True:
        due_s = waiting[0][0] - time.monotonic() if waiting else None
        for key, _ in watched.select(None if due_s is None else max(0.0, due_s)):
            if key.data is None:
                words = os.read(0, 4096).decode().split()
                if not words:
                    return
                for act, place in zip(words[::2], words[1::2], strict=True):
                    (cut.add if act == "cut" else cut.discard)(int(place))
                continue
            for _ in range(64):
                try:
                    packet = os.read(key.fd, 2048)
                except BlockingIOError:
                    break
                for to in arms_for(packet, key.data, len(lines)):
                    packets += 1
                    heapq.heappush(
                        waiting, (time.monotonic() + delay_s, packets, key.data, to, packet)
                    )
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, since, to, packet = heapq.heappop(waiting)
            if not cut & {since, to}:
                try:
                    os.write(lines[to], packet)
                except OSError:
                    pass  # its address is just being changed


if __name__ == "__main__":
    main()
