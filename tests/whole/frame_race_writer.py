"""Writes pictures into shared memory as fast as it can until its standard input ends.

Each picture is of one value; the memory's descriptor goes over the socket given by its number.
"""

import os
import select
import socket
import sys

from app.domain.picture import Layout
from media.link.frame_share import FrameWriter


def main() -> None:
    with socket.socket(fileno=int(sys.argv[1])) as to_reader:
        side = int(sys.argv[2])
        pictures = [bytes([value]) * (side * side * 4) for value in range(251)]
        writer = FrameWriter(side * side * 4)
        socket.send_fds(to_reader, [b"here"], [writer.descriptor])
        while not select.select([0], [], [], 0)[0]:
            for _ in range(50):
                value = (writer.sequence + 1) % 251
                writer.write(side, side, Layout.BGRA, 0.0, [pictures[value]])
    os._exit(0)


if __name__ == "__main__":
    main()
