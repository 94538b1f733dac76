"""Records one input of the sound server and no other: `python -m media.devices.pulse_capture`.

A program of its own: it sees the devices of now, whatever streams the call has open. Loads neither
numpy nor PortAudio, so that it stands within a moment of the device's return.
"""

import argparse
import sys
import time

from app.domain.failures import Code, Unavailable
from app.runtime.process_guard import end_with
from media.devices.capture_words import Teller
from media.devices.pulse_library import PulseInput

FRAGMENT_S = 0.02
FIRST_LIMIT_S = 5.0  # an idle device takes its time to wake
SILENT_AFTER_S = 0.8
STOOD_STILL_S = 0.2  # whoever did not look cannot say that nothing came
SAMPLE_BYTES = 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True)
    parser.add_argument("--rate", type=int, required=True, help="what the server told of it")
    parser.add_argument("--starter", type=int, required=True, help="process to end with")
    wanted = parser.parse_args()
    end_with(wanted.starter)
    teller = Teller(sys.stdout.fileno())
    try:
        record(teller, PulseInput(wanted.source, wanted.rate, FRAGMENT_S))
    except Unavailable as failure:
        teller.failed(failure.code)
        return 1
    except BrokenPipeError:
        pass  # whoever wanted it has enough
    return 0


def record(teller: Teller, pulse: PulseInput) -> None:
    """Until it fails or nobody listens any more."""
    heard_s = looked_s = time.monotonic()
    channels, rest = 0, b""
    while True:
        data = pulse.turn(FRAGMENT_S)
        now_s = time.monotonic()
        if now_s - looked_s > STOOD_STILL_S:
            heard_s = now_s
        looked_s = now_s
        if data:
            heard_s = now_s
            if not channels:
                channels = _told(teller, pulse)
            samples, rest = first_channel(rest + data, channels)
            teller.samples(samples)
        elif now_s - heard_s > (SILENT_AFTER_S if channels else FIRST_LIMIT_S):
            raise Unavailable(Code.DEVICE_SILENT if not channels else Code.DEVICE_PULLED)


def _told(teller: Teller, pulse: PulseInput) -> int:
    spec = pulse.spec
    assert spec is not None, "samples before the stream stands"
    rate_hz, channels = spec
    teller.rate(rate_hz)
    return channels


def first_channel(data: bytes, channels: int) -> tuple[bytes, bytes]:
    """(the samples of the first channel, what is left of a frame that is not whole yet)."""
    frame = SAMPLE_BYTES * channels
    whole = len(data) // frame * frame
    rest = data[whole:]
    if channels == 1:
        return data[:whole], rest
    view = memoryview(data)[:whole].cast("H")
    return view[::channels].tobytes(), rest


if __name__ == "__main__":
    sys.exit(main())
