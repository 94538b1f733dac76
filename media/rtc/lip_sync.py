"""Whether the far side's lips and voice are together, and by how much the picture should wait.

A sender report (RFC 3550, 6.4.1) ties each stream's own time to one wall clock of the far side; so
how late a picture is shown and a word is heard can be compared. Pure: the times are told.
"""

from collections import deque

from media.rtc.packet_numbers import STAMPS, nearest

REPORTS_REMEMBERED = 16
NTP_FRACTION = 1 << 32
NEW_CLOCK_S = 1.0  # a step wider than this: the far side's clock was set
TOGETHER_S = 0.04  # nearer than this nobody sees it, and waiting costs delay
STEP_S = 0.01  # of the picture's delay, at most, at each look
MOST_WAIT_S = 0.3  # of the picture, for the voice's sake


class FarClock:
    """One stream's time as wall clock time of the far side; good from the first report on."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._stamp: int | None = None
        self._offsets: deque[float] = deque(maxlen=REPORTS_REMEMBERED)

    def reported(self, ntp_time: int, timestamp: int) -> None:
        """`ntp_time` of 64 bit (32.32), `timestamp` of 32 bit, both as the report has them.

        Who has sent nothing yet reports no time (RFC 3550, 6.4.1): upstream's warm sender, too.
        """
        if ntp_time == 0:
            return
        self._stamp = self._unwrapped(timestamp)
        offset_s = ntp_time / NTP_FRACTION - self._stamp / self._rate_hz
        if self._offsets and abs(offset_s - self._offsets[-1]) > NEW_CLOCK_S:
            self._offsets.clear()
        self._offsets.append(offset_s)

    def wall_s(self, timestamp: int) -> float | None:
        """When what has this timestamp was taken; None before the first report.

        Who tells the time of sending instead tells it too late, never too early: so the earliest.
        """
        if not self._offsets:
            return None
        return self._unwrapped(timestamp) / self._rate_hz + min(self._offsets)

    def _unwrapped(self, timestamp: int) -> int:
        return timestamp if self._stamp is None else nearest(timestamp, self._stamp, STAMPS)


class LipSync:
    def __init__(self, picture_hz: int, voice_hz: int) -> None:
        self.picture = FarClock(picture_hz)
        self.voice = FarClock(voice_hz)
        self.offset_s: float | None = None  # by how much the picture is behind the voice
        self.wished_delay_s = 0.0  # of the picture, on top of the fastest way

    def looked(self, shown: tuple[int, float], heard: tuple[int, float], delay_s: float) -> None:
        """(timestamp, our time) of a picture shown and of a sound heard; to be told often.

        `delay_s`: what pictures are held back at present, for whatever reason.
        """
        taken_s, spoken_s = self.picture.wall_s(shown[0]), self.voice.wall_s(heard[0])
        if taken_s is None or spoken_s is None:
            return
        self.offset_s = (shown[1] - taken_s) - (heard[1] - spoken_s)
        if self.offset_s < -TOGETHER_S:
            wished_s = delay_s + min(STEP_S, -TOGETHER_S - self.offset_s)
            self.wished_delay_s = min(wished_s, MOST_WAIT_S)
        elif self.offset_s > 0.0:
            self.wished_delay_s = max(0.0, self.wished_delay_s - min(STEP_S, self.offset_s))
