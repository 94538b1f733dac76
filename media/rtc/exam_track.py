"""The second picture of a link, that of an exam camera: its section of the description, its sender.

The offer has the section always, so that the camera may be shown at any time without a new one. A
far end that offers one picture only (a browser) sees and sends no second one.
"""

from collections import deque
from collections.abc import Callable

from aiortc import RTCPeerConnection, RTCRtpSender, RTCRtpTransceiver
from aiortc.mediastreams import MediaStreamTrack

from media.quality.line_state import PictureBudget
from media.rtc.local_tracks import PictureFeed
from media.rtc.picture_out import PictureOut, give_coded, picture_of
from media.rtc.picture_senders import INSIDE

PICTURES_REMEMBERED = 150  # of those that left, some seconds of them
STAMPS = 1 << 32


class ExamTrack:
    """Of one link. `feed` None: nothing is ever sent, only received."""

    def __init__(self, feed: PictureFeed | None) -> None:
        self.out = None if feed is None else picture_of(feed)
        self._sent: deque[tuple[int, int]] = deque(maxlen=PICTURES_REMEMBERED)
        self._sender: RTCRtpSender | None = None
        self._is_on = False
        self._ahead: int | None = None  # of our time, stock's stamps
        if isinstance(self.out, PictureOut):
            self.out.is_dark_sent = False
            self.out.may_shrink = False  # what is looked at closely comes late rather than small
            self.out.when_made = self._made

    def offer(self, connection: RTCPeerConnection) -> None:
        """After the other tracks, before their codecs are chosen."""
        transceiver = connection.addTransceiver(
            "video", direction="recvonly" if self.out is None else "sendrecv"
        )
        self._use(transceiver)

    def answer(self, connection: RTCPeerConnection) -> None:
        """After the far side's offer was taken, which may have a second picture or not."""
        second = second_picture_of(connection)
        if second is not None and self._sender is None:
            second.direction = "recvonly" if self.out is None else "sendrecv"
            self._use(second)

    def _use(self, transceiver: RTCRtpTransceiver) -> None:
        self._sender = transceiver.sender
        is_on, self._is_on = self._is_on, False
        self.turn(is_on)

    def turn(self, is_on: bool) -> None:
        """Whether the camera's pictures leave."""
        sender, out = self._sender, self.out
        if sender is None or out is None:
            self._is_on = is_on
            return
        if isinstance(out, PictureOut):
            give_coded(sender, out)
            if is_on and not self._is_on:
                out.hurry()  # nobody has seen anything of it, or for long
        sender.replaceTrack(out if is_on else None)
        self._is_on = is_on

    def budget_is(self, budget: Callable[[], PictureBudget]) -> None:
        if self.out is not None:
            self.out.budget = budget

    def sequence_of(self, stamp: int) -> int | None:
        """Which picture of the feed left with that RTP timestamp; None: not known (any more)."""
        if self._ahead is None:
            return None
        return dict(self._sent).get((stamp - self._ahead) % STAMPS)

    def _made(self, ticks: int, sequence: int) -> None:
        """Stock adds a number of its own to our time. It asks for a picture when it has sent the
        one before, so the stamp that it has sent last is that one's.
        """
        if self._sent and self._sender is not None:
            stamp: int = vars(self._sender)[INSIDE + "rtp_timestamp"]
            self._ahead = (stamp - self._sent[-1][0]) % STAMPS
        self._sent.append((ticks % STAMPS, sequence))

    def stop(self) -> None:
        """Upstream stops what it sends, and no other."""
        if self.out is not None:
            self.out.stop()


def second_picture_of(connection: RTCPeerConnection) -> RTCRtpTransceiver | None:
    pictures = [one for one in connection.getTransceivers() if one.kind == "video"]
    return pictures[1] if len(pictures) > 1 else None


def is_exam(connection: RTCPeerConnection, track: MediaStreamTrack) -> bool:
    """Whether that track of the far end is its second picture."""
    second = second_picture_of(connection)
    return second is not None and second.receiver.track is track
