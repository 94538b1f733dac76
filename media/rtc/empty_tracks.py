"""A connection that is made before both people have joined: places for voice and picture, empty.

Nothing is tapped, encoded or sent until it is filled; upstream's sender looks each 20 ms whether
it has a track by then. No new description is needed for it.
"""

from aiortc import RTCPeerConnection, RTCRtpSender
from aiortc.mediastreams import MediaStreamTrack

from media.rtc.picture_fall_back import StockPicture
from media.rtc.picture_out import PictureOut, give_coded


def add_empty(connection: RTCPeerConnection) -> None:
    """In the order in which a link adds its tracks."""
    connection.addTransceiver("audio", direction="sendrecv")
    connection.addTransceiver("video", direction="sendrecv")


def fill(
    connection: RTCPeerConnection, voice: MediaStreamTrack, picture: PictureOut | StockPicture
) -> RTCRtpSender:
    """Once, on a connection made by `add_empty`; the voice's sender."""
    [voice_sender] = [each for each in connection.getSenders() if each.kind == "audio"]
    voice_sender.replaceTrack(voice)
    # The first is the face's; a second, for an exam camera, is filled when that is shown.
    picture_sender = next(each for each in connection.getSenders() if each.kind == "video")
    picture_sender.replaceTrack(picture)
    if isinstance(picture, PictureOut):
        picture.hurry()
        give_coded(picture_sender, picture)
    return voice_sender
