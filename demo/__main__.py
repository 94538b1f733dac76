"""`python -m demo`: one visit from start to finish, shown, told and proven from outside.

Exits 0 only when every step and every check held.
"""

import argparse
import os
import random
import secrets
import signal
import sys
import time
from pathlib import Path

from demo.clinic import CLINICIAN, PRESENTER
from demo.network import Network, as_root_of_our_own, open_network
from demo.report import Report, empty_folder
from demo.sabotage import SABOTAGES
from demo.stage import Given, Stage
from demo.story import FAST, Lengths, Story
from demo.waiting import LOOK_S, NotSo

NOT_PROVEN, NO_PLACE = 1, 2


def main() -> int:
    options = _parser().parse_args()
    again = as_root_of_our_own([sys.executable, "-m", "demo", *sys.argv[1:]])
    if again:
        os.execvp(again[0], again)  # noqa: S606  our own program, where it may make networks
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # everything started is ended
    report = Report(empty_folder(options.out))
    try:
        network = open_network()
    except NotSo as error:
        # A cut that is only played would prove nothing, so nothing is played.
        report.say(f"cannot be shown here: {error}")
        return NO_PLACE
    seed = secrets.randbits(32) if options.seed is None else options.seed
    report.say(f"Bedside: one visit, start to finish (seed {seed})")
    try:
        _play(options, report, network, random.Random(seed))
    except NotSo as error:
        if not report.failed:
            report.fail("stage", str(error))
    except KeyboardInterrupt:
        report.fail("interrupted", "ended by hand")
    return _verdict(report, options.out)


def _play(
    options: argparse.Namespace, report: Report, network: Network, chance: random.Random
) -> None:
    given = Given(options.video, options.sound, options.cuff)
    with Stage(network, chance, given, always_private=options.private) as stage:
        where = "on this display" if stage.desk.is_watched else "on private displays"
        report.say(f"server, workstation and cart run {where}; the line between them is ours")
        report.look = lambda: [side.picture() for side in stage.sides]
        sabotage = SABOTAGES[options.sabotage] if options.sabotage else None
        lengths = FAST if options.fast else Lengths()
        story = Story(stage, report, chance, lengths, sabotage=sabotage, refuses=options.refuse)
        try:
            story.whole()
        finally:
            if report.failed:
                stage.desk.keep_words(options.out)
        if stage.desk.is_watched and sys.stdin.isatty():
            _hand_over(stage, report)


def _hand_over(stage: Stage, report: Report) -> None:
    """Whoever looked on goes on by hand, with a further patient, until a window is closed."""
    stage.book()
    stage.make_ready()
    report.say("Both windows are yours now, with another patient; close one, or Ctrl-C, to end.")
    for account in (CLINICIAN, PRESENTER):
        report.say(f"    {account.role}: {account.username} {account.password}")
    while all(side.program is not None and side.program.is_running for side in stage.sides):
        time.sleep(LOOK_S)


def _verdict(report: Report, out: Path) -> int:
    if report.failed:
        report.say(f"NOT PROVEN: {', '.join(report.failed)}")
        return NOT_PROVEN
    report.say(f"All of it happened. Pictures of every step: {out}/")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--video", type=Path, help="film for the cart's camera")
    parser.add_argument("--sound", type=Path, help="WAV for the stethoscope")
    parser.add_argument("--cuff", metavar="PORT", help="serial port of a real SunTech-family cuff")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where pictures go")
    parser.add_argument("--fast", action="store_true", help="a shorter outage and recording")
    parser.add_argument("--refuse", action="store_true", help="the cut refuses instead of dropping")
    parser.add_argument("--private", action="store_true", help="not on this machine's display")
    parser.add_argument("--seed", type=int, help="repeat the random choices of an earlier run")
    parser.add_argument("--sabotage", choices=sorted(SABOTAGES), help="break it; it must fail")
    return parser


if __name__ == "__main__":
    sys.exit(main())
