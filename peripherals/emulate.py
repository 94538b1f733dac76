"""`python -m peripherals.emulate NAME`: a simulated device on a pty, for tests and by hand.

Prints `port PATH`, then takes one command a line on standard input and answers each with a line:
result TEXT, fault NAME, press, unplug, replug, status, quit. Every command that the device gets is
written to --log (or standard error) as one JSON line. The end of standard input ends the program.
"""

import argparse
import signal
import sys
from contextlib import ExitStack
from math import inf
from pathlib import Path

from peripherals.emulators.all_emulators import EMULATORS
from peripherals.emulators.desk import Desk, control_of_standard_input, fault_names
from peripherals.emulators.pty_line import PtyLine, may_be_link

CYCLE_S = 6.0
SHORTEST_CYCLE_S = 1.0  # the host looks at the pressure five times a second


def main() -> int:
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.list:
        sys.stdout.write("".join(_line_of(name) for name in EMULATORS))
        return 0
    if arguments.device not in EMULATORS:
        parser.error(f"unknown device {arguments.device!r}; known: {' '.join(EMULATORS)}")
    if arguments.link is not None and not may_be_link(arguments.link):
        parser.error("--link is a new name in a folder that is there and may be written to")
    cycle_s = max(SHORTEST_CYCLE_S, arguments.seconds / arguments.speed)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a name in the file system goes too
    with ExitStack() as open_files:
        log = sys.stderr
        if arguments.log is not None:
            try:
                log = open_files.enter_context(arguments.log.open("a", encoding="utf-8"))
            except OSError:
                parser.error("--log cannot be written: no such folder, a folder, or not for you")
        line = PtyLine(arguments.link)
        open_files.callback(line.pull)
        desk = Desk(line, EMULATORS[arguments.device], cycle_s, log)
        try:
            if arguments.result is not None:
                desk.set_result(arguments.result)
            desk.set_fault(arguments.fault)
        except ValueError as wrong:
            parser.error(str(wrong))
        try:
            desk.run(control_of_standard_input(), sys.stdout)
        except KeyboardInterrupt:
            return 130
    return 0


def _line_of(name: str) -> str:
    emulator = EMULATORS[name]
    faults = " ".join(fault_names(emulator))
    return f"{name}\tresult {emulator.result_form}, {emulator.result}\tfaults {faults}\n"


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < inf:
        raise argparse.ArgumentTypeError("a number above 0 is expected")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m peripherals.emulate", description=__doc__)
    named = parser.add_mutually_exclusive_group(required=True)
    named.add_argument("device", nargs="?", help="one of the names that --list prints")
    named.add_argument("--list", action="store_true", help="print names, results and faults")
    parser.add_argument("--result", metavar="TEXT", help="what the next measurement comes to")
    parser.add_argument("--fault", default="none", metavar="NAME", help="one that --list prints")
    parser.add_argument(
        "--seconds", type=_positive, default=CYCLE_S, help="length of a measurement (default: 6)"
    )
    parser.add_argument("--speed", type=_positive, default=1.0, help="divides the length")
    parser.add_argument("--link", type=Path, help="a name for the port that survives a replug")
    parser.add_argument("--log", type=Path, help="file for the commands received")
    return parser


if __name__ == "__main__":
    sys.exit(main())
