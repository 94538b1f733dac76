"""`python -m peripherals.decode DEVICE`: hex bytes on standard input, one JSON line per event.

For support and for checks. White space and upper or lower case do not matter. Nothing is kept, and
no patient's identifier is shown.
"""

import argparse
import os
import sys
from typing import TextIO

from peripherals.decoders import DECODER_OF_NAME

MOST_CHARACTERS = 8 * 1024 * 1024
WRONG_INPUT, NOT_ALL_TOLD = 2, 3


def main() -> int:
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.list:
        sys.stdout.write("".join(f"{name}\n" for name in DECODER_OF_NAME))
        return 0
    if arguments.device not in DECODER_OF_NAME:
        known = " ".join(DECODER_OF_NAME)
        parser.error(f"there is no decoder named {arguments.device!r}; known: {known}")
    text = b"" if sys.stdin is None else sys.stdin.buffer.read(MOST_CHARACTERS + 1)
    try:
        return decode_text(arguments.device, text, sys.stdout)
    except BrokenPipeError:  # whoever read along has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_ALL_TOLD


def decode_text(device: str, text: bytes, out: TextIO) -> int:
    """The exit code; what is wrong with the text is said on standard error."""
    try:
        data = bytes_of(text)
    except ValueError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return WRONG_INPUT
    for event in DECODER_OF_NAME[device](data):
        out.write(event.line() + "\n")
    out.flush()
    return 0


def bytes_of(text: bytes) -> bytes:
    """ValueError with a sentence when the text is not hex bytes."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"too much: at most {MOST_CHARACTERS} characters are read at once")
    digits = b"".join(text.split())
    if not digits:
        raise ValueError("nothing came: hex bytes are expected, such as 3e 05 02 01 ba")
    wrong = next(
        (n for n, digit in enumerate(digits) if digit not in b"0123456789abcdefABCDEF"), -1
    )
    if wrong >= 0:
        raise ValueError(f"not hex: character {wrong + 1} is none of 0-9 and a-f")
    if len(digits) % 2:
        raise ValueError("not hex bytes: the number of digits is odd, so half a byte is missing")
    return bytes.fromhex(digits.decode("ascii"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m peripherals.decode", description=__doc__)
    named = parser.add_mutually_exclusive_group(required=True)
    named.add_argument("device", nargs="?", help="one of the names that --list prints")
    named.add_argument("--list", action="store_true", help="print the names of all devices")
    return parser


if __name__ == "__main__":
    sys.exit(main())
