"""Records one input by PortAudio's name of it: `python -m media.devices.portaudio_capture`.

A program of its own: PortAudio knows only the devices that were there when it began, and may not
be begun again under the streams of a call.
"""

import argparse
import sys
import time

from app.domain.failures import Code, Unavailable
from app.runtime.process_guard import end_with
from media.devices import sound_library
from media.devices.capture_words import Teller
from media.devices.sample_ring import SampleRing, Samples

RING_S = 10  # whoever does not take for so long loses sound, and is told
RATE_MOST_HZ = 192_000
LOOK_EVERY_S = 0.02
FIRST_LIMIT_S = 5.0
SILENT_AFTER_S = 0.8
STOOD_STILL_S = 0.2
AS_IT_GIVES = 0  # samples a block


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", required=True)
    parser.add_argument("--starter", type=int, required=True, help="process to end with")
    wanted = parser.parse_args()
    end_with(wanted.starter)
    teller = Teller(sys.stdout.fileno())
    try:
        record(teller, wanted.device)
    except Unavailable as failure:
        teller.failed(failure.code)
        return 1
    except BrokenPipeError:
        pass
    return 0


def record(teller: Teller, device: str) -> None:
    ring = SampleRing(RATE_MOST_HZ * RING_S // 4)

    def heard(samples: Samples) -> None:
        ring.write(samples)

    wish = sound_library.Wish(device, None, AS_IT_GIVES)
    stream, rate_hz = sound_library.open_input_here(wish, heard)
    teller.rate(rate_hz)
    try:
        pass_on(teller, ring)
    finally:
        sound_library.close_here(stream)


def pass_on(teller: Teller, ring: SampleRing) -> None:
    heard_s = looked_s = time.monotonic()
    has_begun = False
    while True:
        time.sleep(LOOK_EVERY_S)
        now_s = time.monotonic()
        if now_s - looked_s > STOOD_STILL_S:
            heard_s = now_s
        looked_s = now_s
        samples = ring.read(ring.capacity)
        if ring.dropped:
            raise Unavailable(Code.OVERRUN)
        if len(samples):
            heard_s, has_begun = now_s, True
            teller.samples(samples.astype("<i2").tobytes())
        elif now_s - heard_s > (SILENT_AFTER_S if has_begun else FIRST_LIMIT_S):
            raise Unavailable(Code.DEVICE_PULLED if has_begun else Code.DEVICE_SILENT)


if __name__ == "__main__":
    sys.exit(main())
