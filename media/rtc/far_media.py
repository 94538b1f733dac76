"""The far side's voice and pictures, from its tracks to who shows and plays them."""

from collections.abc import Callable

import av
from aiortc import RTCPeerConnection
from aiortc.mediastreams import MediaStreamTrack

from app.runtime.tasks import TaskOwner
from media.audio.playout_buffer import PlayoutBuffer
from media.devices.sample_ring import Samples
from media.quality.arrival_count import ArrivalCount
from media.rtc.exam_track import is_exam
from media.rtc.picture_arrival import PictureArrival, origin_of, receiver_of
from media.rtc.remote_tracks import read_pictures
from media.rtc.voice_arrival import VoiceSink, gather_voice, play_voice


class FarMedia:
    """Of one connection; its tasks are those of the link, and end with it."""

    def __init__(
        self,
        connection: RTCPeerConnection,
        tasks: TaskOwner,
        *,
        sink: VoiceSink,
        on_picture: Callable[[av.VideoFrame], None],
        on_exam_picture: Callable[[av.VideoFrame, int], None],
        on_voice: Callable[[Samples], None],
        round_trip_s: Callable[[], float | None],
        now: Callable[[], float],
    ) -> None:
        self._connection = connection
        self._tasks = tasks
        self._sink = sink
        self._on_picture = on_picture
        self._on_exam_picture = on_exam_picture
        self._on_voice = on_voice
        self._round_trip_s = round_trip_s
        self._now = now
        self._arrival: PictureArrival | None = None
        self.playout = PlayoutBuffer()

    @property
    def arrival_count(self) -> ArrivalCount:
        return self._arrival.count if self._arrival is not None else ArrivalCount()

    def far_camera_is(self, is_on: bool) -> None:
        if self._arrival is not None:
            self._arrival.far_camera_is(is_on)

    def came(self, track: MediaStreamTrack) -> None:
        if track.kind == "video" and is_exam(self._connection, track):
            self._exam_picture_comes(track)
        elif track.kind == "video":
            self._picture_comes(track)
        else:
            gather_voice(receiver_of(self._connection, track), self.playout.put)
            self._tasks.start_lasting(
                lambda: play_voice(self.playout, self._sink, self._on_voice), "far voice plays"
            )

    def _picture_comes(self, track: MediaStreamTrack) -> None:
        arrival = self._arrival = PictureArrival(
            receiver_of(self._connection, track),
            self._on_picture,
            self._round_trip_s,
            lambda: self.playout.next_heard,
            self._now,
        )
        for receiver in self._connection.getReceivers():
            if receiver.track is not None and receiver.track.kind == "audio":
                arrival.voice_comes(receiver)
        self._read(track, arrival, "far picture")

    def _exam_picture_comes(self, track: MediaStreamTrack) -> None:
        """No voice belongs to it: it is shown as soon as it may be."""
        receiver = receiver_of(self._connection, track)
        arrival = PictureArrival(
            receiver,
            lambda frame: self._on_exam_picture(
                frame, ((frame.pts or 0) + origin_of(receiver)) % (1 << 32)
            ),
            self._round_trip_s,
            lambda: None,
            self._now,
        )
        self._read(track, arrival, "exam picture")

    def _read(self, track: MediaStreamTrack, arrival: PictureArrival, name: str) -> None:
        """A defect in one picture must not end all that follow: both are begun anew then."""
        self._tasks.start_lasting(arrival.run, f"{name} arrives")
        self._tasks.start_lasting(lambda: read_pictures(track, arrival.came), name)
