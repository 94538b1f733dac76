"""`python -m peripherals.scope_feed PORT`: a serial stethoscope's sound on standard output.

For whoever started it and reads the pipe; each block is packed as scope_sound says. Ends when the
reader is gone; exits 1 with the reason when the stethoscope is not there, is pulled or silent.
"""

import argparse
import asyncio
import os
import sys

from app.domain.failures import Unavailable
from peripherals.drivers.serial_scope.codec import LINE, OTHER_LINES
from peripherals.line_setting import LineSetting
from peripherals.scope_sound import SerialStethoscope
from peripherals.serial_port import SerialPort


async def feed(path: str, line: LineSetting, descriptor: int) -> None:
    sound = SerialStethoscope(path, line, SerialPort).sound()
    try:
        async for block in sound:
            waiting = block.packed()
            while waiting:  # a reader that stands still is waited for; the port counts the overrun
                waiting = waiting[os.write(descriptor, waiting) :]
    finally:
        await sound.aclose()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m peripherals.scope_feed", description=__doc__)
    parser.add_argument("port", help="such as /dev/ttyUSB0")
    bauds = [line.baud for line in (LINE, *OTHER_LINES)]
    parser.add_argument("--baud", type=int, choices=bauds, default=LINE.baud)
    arguments = parser.parse_args()
    try:
        asyncio.run(feed(arguments.port, LineSetting(arguments.baud), sys.stdout.fileno()))
    except Unavailable as away:
        sys.stderr.write(f"{away}\n")
        return 1
    except (BrokenPipeError, KeyboardInterrupt):
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
