"""Fails when aiortc or aioice is no longer what media/rtc was made for: versions, names,
signatures, defaults. Each line here is a touch of their inside."""

import asyncio
import inspect
import subprocess
import sys
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, cast

import aioice.ice
import aiortc.codecs
import aiortc.mediastreams as mediastreams
import aiortc.rtcpeerconnection as peer
import aiortc.rtcrtpreceiver as receiver
import aiortc.rtcrtpsender as sender
import aiortc.rtcsctptransport as sctp
import aiortc.rtp
import pytest
from aioice import stun
from aiortc.codecs import CODECS, HEADER_EXTENSIONS, h264, vpx
from aiortc.codecs.opus import OpusEncoder
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtcicetransport import RTCIceTransport

from media.rtc import (
    arrival_buffer,
    arrival_times,
    asking_again,
    dtls_flights,
    empty_tracks,
    ice_checks,
    line_transport,
    new_connection,
    picture_arrival,
    relay_paths,
    repair_packets,
    rtp_mends,
    sctp_mends,
    transport_numbers,
    upstream,
    voice_copies,
    voice_encoder,
)
from media.rtc.local_tracks import PictureFeed
from media.rtc.picture_out import PictureOut

# The stock classes, wherever the names may point now.
STOCK_TRANSACTION: Any = ice_checks.PatientTransaction.__mro__[1]
STOCK_DTLS: Any = dtls_flights.FlightDtlsTransport.__mro__[1]
STOCK_SCTP: Any = sctp_mends.MendedSctpTransport.__mro__[1]

DEFAULTS_OF_STOCK = """
import aiortc.rtcsctptransport as s, aiortc.codecs.vpx as v, aioice.stun as t, aioice.ice as i
print(s.SCTP_RTO_INITIAL, s.SCTP_RTO_MIN, s.SCTP_MAX_INIT_RETRANS, s.SCTP_MAX_ASSOCIATION_RETRANS)
print(v.DEFAULT_BITRATE, v.MIN_BITRATE, v.MAX_BITRATE)
print(t.RETRY_RTO, t.RETRY_MAX, i.CONSENT_FAILURES, i.CONSENT_INTERVAL)
"""


def names(function: object) -> list[str]:
    assert callable(function)
    return list(inspect.signature(function).parameters)


def source(thing: object) -> str:
    return inspect.getsource(thing)  # type: ignore[arg-type]  # classes and functions only


def test_the_versions_are_those_we_reach_into() -> None:
    upstream.fit()
    assert upstream.PINNED == {"aiortc": "1.16.0", "aioice": "0.13.0", "av": "18.1.0"}


def test_defaults_of_stock_are_what_we_found() -> None:
    """Asked of a fresh process: in this one they may be set already."""
    said = subprocess.run(
        [sys.executable, "-c", DEFAULTS_OF_STOCK], capture_output=True, text=True, check=True
    ).stdout.split()
    assert said == ["3.0", "1", "8", "10", "500000", "250000", "1500000", "0.5", "6", "6", "5"]


def test_fitting_puts_our_parts_in_place() -> None:
    upstream.fit()
    assert vars(peer)["RTCDtlsTransport"] is line_transport.LineTransport
    assert vars(peer)["RTCSctpTransport"] is sctp_mends.MendedSctpTransport
    assert stun.Transaction is ice_checks.PatientTransaction
    assert (sctp.SCTP_RTO_INITIAL, sctp.SCTP_RTO_MIN) == (0.25, 0.2)
    assert (sctp.SCTP_MAX_INIT_RETRANS, sctp.SCTP_MAX_ASSOCIATION_RETRANS) == (80, 60)


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "_fitted", [])
    monkeypatch.setattr(upstream, "version", lambda package: "9.9.9")
    with pytest.raises(RuntimeError, match="made for"):
        upstream.fit()


def test_host_candidates() -> None:
    text = source(aioice.ice.Connection.gather_candidates)
    assert "get_host_addresses(" in text
    assert 'ip.ip != "127.0.0.1"' in source(aioice.ice).split("def relayed_candidate")[0]


def test_ice_checks() -> None:
    assert STOCK_TRANSACTION.__qualname__ == "Transaction"
    assert names(STOCK_TRANSACTION.__init__) == [
        "self",
        "request",
        "addr",
        "protocol",
        "retransmissions",
        "integrity_key",
        "long_term_credential",
    ]
    assert names(vars(STOCK_TRANSACTION)["_Transaction__retry"]) == ["self"]
    assert "self.__retry()" in source(STOCK_TRANSACTION.run)
    assert "self.__timeout_handle.cancel()" in source(STOCK_TRANSACTION.run)
    assert "stun.Transaction(" in source(aioice.ice.StunProtocol.request)
    assert source(aioice.ice).count("retransmissions=0") == 1  # consent, and nothing else
    assert "retransmissions=0" in source(aioice.ice.Connection.query_consent)


def test_dtls_flights() -> None:
    assert STOCK_DTLS.__qualname__ == "RTCDtlsTransport"
    assert names(STOCK_DTLS.__init__) == ["self", "transport", "certificates"]
    assert names(STOCK_DTLS.start) == ["self", "remoteParameters"]
    assert names(STOCK_DTLS.stop) == names(STOCK_DTLS._write_ssl) == ["self"]
    assert names(STOCK_DTLS._validate_peer_identity) == ["self", "remoteParameters"]
    assert "self._validate_peer_identity(remoteParameters)" in source(STOCK_DTLS.start)
    assert "self._set_state(State.FAILED)" in source(STOCK_DTLS._validate_peer_identity)
    text = source(STOCK_DTLS._write_ssl)
    assert "self._ssl.bio_read(1500)" in text
    assert "self.__tx_bytes" in text
    assert "self.__tx_packets" in text
    assert "await self.transport._recv()" in source(STOCK_DTLS._recv_next)
    assert "first_byte = data[0]" in source(STOCK_DTLS._recv_next)  # why empty ones are kept away
    assert "self._recv = self._connection.recv" in source(RTCIceTransport)
    assert "RTCDtlsTransport(iceTransport, self.__certificates)" in source(peer.RTCPeerConnection)


def test_relay_paths() -> None:
    stock: Any = relay_paths._stock
    assert stock.__qualname__ == "relayed_candidate"
    assert names(stock) == [
        *("component", "hide_related_address", "protocol_factory", "turn_server"),
        *("turn_username", "turn_password", "turn_ssl", "turn_transport"),
    ]
    gathers = source(aioice.ice.Connection.get_component_candidates)
    assert "relayed_candidate(" in gathers  # by its name in the module
    assert "if task.exception() is None:" in gathers  # no relay is no reason to fail
    assert "ssl=turn_ssl" in source(stock)  # a context passes where stock hands a truth value on
    assert names(relay_paths._stock_reflexive) == ["protocol", "stun_server"]
    assert "server_reflexive_candidate(protocol, self.stun_server)" in gathers
    assert aioice.ice.server_reflexive_candidate is relay_paths._reflexive_candidate
    assert aioice.ice.relayed_candidate is relay_paths._relayed_candidate
    assert "self._nominated: dict" in source(aioice.ice.Connection.__init__)
    assert "self._connection = " in source(RTCIceTransport.__init__)
    assert "long_term_credential=True" in source(aioice.turn.TurnClientMixin.request)


def test_sctp_mends() -> None:
    assert STOCK_SCTP.__qualname__ == "RTCSctpTransport"
    assert names(STOCK_SCTP._send_chunk) == names(STOCK_SCTP._receive_chunk) == ["self", "chunk"]
    assert names(sctp.serialize_packet)[2:] == ["verification_tag", "chunk"]
    assert "self._remote_verification_tag" in source(STOCK_SCTP._send_chunk)  # the bug itself
    text = source(STOCK_SCTP._receive_chunk)
    at = text.index("isinstance(chunk, InitChunk):")
    assert "_association_state" not in text[at : at + 120]  # the other bug: in any state
    assert "self._rto = SCTP_RTO_INITIAL" in source(STOCK_SCTP.__init__)
    assert "max(SCTP_RTO_MIN" in source(STOCK_SCTP._update_rto)
    assert "RTCSctpTransport(dtlsTransport)" in source(peer.RTCPeerConnection)


async def test_empty_tracks() -> None:
    connection = peer.RTCPeerConnection()
    empty_tracks.add_empty(connection)
    voice, picture = cast(list[Any], connection.getSenders())
    assert [(end.kind, end.track) for end in (voice, picture)] == [("audio", None), ("video", None)]
    assert "if not self.__track:\n                    await" in source(sender.RTCRtpSender._run_rtp)
    track, own = mediastreams.AudioStreamTrack(), PictureOut(PictureFeed())
    empty_tracks.fill(connection, track, own)
    assert (voice.track, picture.track) == (track, own)
    assert picture._send_keyframe == own.wish_key_frame
    await connection.close()


def test_first_picture() -> None:
    assert names(sender.RTCRtpSender._send_keyframe) == ["self"]
    assert names(receiver.RTCRtpReceiver._send_rtcp_pli) == ["self", "media_ssrc"]
    text = source(receiver.RTCRtpReceiver.__init__)
    assert "self.__jitter_buffer = JitterBuffer(capacity=512, is_video=True)" in text
    assert "self.__nack_generator = NackGenerator()" in text


def test_arrival_buffer() -> None:
    upstream.fit()
    assert vars(receiver)["JitterBuffer"] is arrival_buffer.ArrivalBuffer
    text = source(receiver.RTCRtpReceiver.__init__)
    assert "JitterBuffer(capacity=16, prefetch=4)" in text
    text = source(receiver.RTCRtpReceiver._handle_rtp_packet)
    assert "pli_flag, encoded_frame = self.__jitter_buffer.add(packet)" in text
    assert "packet._data = depayload(codec, packet.payload)" in text
    assert "encoded_frame.timestamp = self.__timestamp_mapper.map(" in text
    assert "self.__decoder_queue.put((codec, encoded_frame))" in text
    assert names(JitterBuffer.__init__) == ["self", "capacity", "prefetch", "is_video"]
    assert "decoder.decode(encoded_frame)" in source(receiver.decoder_worker)
    text = source(aiortc.codecs.get_decoder)
    assert "return Vp8Decoder()" in text
    assert "Packet(encoded_frame.data)" in source(vpx.Vp8Decoder)
    assert "packet.pts = encoded_frame.timestamp" in source(vpx.Vp8Decoder)


def test_arrival_times() -> None:
    upstream.fit()
    stock: Any = arrival_times.TimedProtocol.__mro__[1]
    assert stock.__qualname__ == "StunProtocol"
    assert names(stock.connection_made) == ["self", "transport"]
    text = source(stock.datagram_received)
    assert "self.receiver.data_received(data, " in text  # as it came, and nothing before it
    assert "lambda: StunProtocol(self)" in source(aioice.ice.Connection)
    assert "self._queue.put_nowait((data, component))" in source(aioice.ice.Connection)
    datagrams: Any = vars(asyncio.selector_events)["_SelectorDatagramTransport"]
    read = source(datagrams._read_ready)
    assert read.count("recvfrom(") == read.count("datagram_received(") == 1  # one at a time
    text = source(STOCK_DTLS._recv_next)
    assert text.index("data = await self.transport._recv()") < text.index("_handle_rtp_data(data, ")


def test_asking_again() -> None:
    upstream.fit()
    assert vars(receiver)["NackGenerator"] is asking_again.AskingAgain
    assert vars(receiver)["unwrap_rtx"] is arrival_buffer.unwrap_rtx
    stock: Any = asking_again.AskingAgain.__mro__[1]
    assert stock.__qualname__ == "NackGenerator"
    assert names(stock.add) == ["self", "packet"]
    assert "self.missing: set[int] = set()" in source(stock.__init__)
    assert names(aiortc.rtp.unwrap_rtx) == ["rtx", "payload_type", "ssrc"]
    text = source(receiver.RTCRtpReceiver._handle_rtp_packet)
    assert "packet = unwrap_rtx(packet, payload_type=apt, ssrc=original_ssrc)" in text
    assert "self.__nack_generator.add(packet)" in text
    assert "packet.ssrc, sorted(self.__nack_generator.missing)" in text
    assert text.index("unwrap_rtx(") < text.index("self.__nack_generator.add(")
    assert names(receiver.RTCRtpReceiver._send_rtcp_nack) == ["self", "media_ssrc", "lost"]


def test_a_real_receiver_holds_our_parts() -> None:
    upstream.fit()
    transport: Any = SimpleNamespace(state="new")
    for kind in ("video", "audio"):
        made = receiver.RTCRtpReceiver(kind, transport)
        if kind == "video":
            buffer, _ = picture_arrival.parts_of(made)
            assert buffer._is_video
            assert picture_arrival.origin_of(made) == 0
            made.__dict__["_RTCRtpReceiver__timestamp_mapper"].map(7000)
            assert picture_arrival.origin_of(made) == 7000


def test_lip_sync() -> None:
    assert names(receiver.RTCRtpReceiver._handle_rtcp_packet) == ["self", "packet"]
    assert "await recipient._handle_rtcp_packet(packet)" in source(STOCK_DTLS._handle_rtcp_data)
    text = source(receiver.TimestampMapper.map)
    assert "self._origin -= 1 << 32" in text
    assert "return timestamp - self._origin" in text


def test_rtp_mends() -> None:
    upstream.fit()
    stock_map: Any = rtp_mends.MendedExtensionsMap.__mro__[1]
    stock_router: Any = rtp_mends.BoundedRouter.__mro__[1]
    assert stock_map.__qualname__ == "HeaderExtensionsMap"
    assert names(stock_map.get) == ["self", "extension_profile", "extension_value"]
    assert "rtp.HeaderExtensionsMap()" in source(STOCK_DTLS.__init__)
    assert "= RtpRouter()" in source(STOCK_DTLS.__init__)
    assert names(stock_router.route_rtp) == ["self", "packet"]
    assert "self.ssrc_table[packet.ssrc] = pt_receiver" in source(stock_router.route_rtp)
    assert "except ValueError as exc:" in source(STOCK_DTLS._handle_rtp_data)
    text = source(sender.RTCRtpSender)
    assert text.count("% RTP_HISTORY_SIZE") == 2
    assert aiortc.rtp.RTP_HISTORY_SIZE == 128


def test_voice_arrival() -> None:
    upstream.fit()
    text = source(receiver.RTCRtpReceiver)
    assert "self.__codecs[codec.payloadType] = codec" in text
    assert "codec = self.__codecs.get(packet.payload_type)" in text
    assert "if encoded_frame is not None and self.__decoder_thread:" in text


def test_repair_packets() -> None:
    upstream.fit()
    assert vpx.PACKET_MAX == repair_packets.PAYLOAD_BYTES
    text = source(vpx.Vp8Encoder._packetize)
    assert "min(length - pos, PACKET_MAX - len(descr_bytes))" in text
    assert "transceiver._codecs = common" in source(peer.RTCPeerConnection)


def test_voice_encoder() -> None:
    upstream.fit()
    assert vars(aiortc.codecs)["OpusEncoder"] is voice_encoder.VoiceEncoder
    assert "return OpusEncoder()" in source(aiortc.codecs.get_encoder)
    text = source(sender.RTCRtpSender._next_encoded_frame)
    assert "self.__encoder = get_encoder(codec)" in text
    assert "payloads, timestamp = self.__encoder.pack(data)" in text
    assert "if isinstance(data, Frame):" in text
    [opus] = [codec for codec in CODECS["audio"] if codec.mimeType == "audio/opus"]
    assert opus.parameters == {"minptime": 10, "useinbandfec": 1}
    assert names(OpusEncoder.pack) == ["self", "packet"]
    assert "fractionLost=report.fraction_lost" in source(sender)


def test_voice_copies() -> None:
    upstream.fit()
    assert vars(peer)["find_common_codecs"] is voice_copies.find_common_codecs
    assert vars(peer)["filter_preferred_codecs"] is voice_copies.filter_preferred_codecs
    assert names(voice_copies._filter_preferred) == ["codecs", "preferred"]
    assert "codec.parameters == pref.parameters" in source(voice_copies._filter_preferred)
    assert vars(sender)["get_encoder"] is voice_copies.get_encoder
    assert names(voice_copies._find_common) == ["local_codecs", "remote_codecs"]
    assert "c.payloadType in rtp.DYNAMIC_PAYLOAD_TYPES" in source(voice_copies._find_common)
    assert names(voice_copies._get_encoder) == ["codec"]
    assert "self._run_rtp(parameters.codecs[0])" in source(sender.RTCRtpSender.send)
    text = source(sender.RTCRtpSender)
    assert "if not payloads:\n            return None" in text  # a packet that is not full yet
    assert "if enc_frame is None:\n                    continue" in text
    assert "CODECS[transceiver.kind][:]" in source(peer.RTCPeerConnection.createOffer)


def test_picture_out() -> None:
    text = source(sender.RTCRtpSender._next_encoded_frame)
    assert names(sender.RTCRtpSender._next_encoded_frame) == ["self", "codec"]
    assert "data = await self.__track.recv()" in text
    assert "if isinstance(data, Frame):" in text
    assert "payloads, timestamp = self.__encoder.pack(data)" in text
    assert "if not payloads:" in text
    assert names(vpx.Vp8Encoder.pack) == ["self", "packet"]
    text = source(vpx.Vp8Encoder.pack)
    assert "self._packetize(bytes(packet), self.picture_id)" in text
    assert "convert_timebase(packet.pts, packet.time_base, VIDEO_TIME_BASE)" in text
    assert Fraction(1, 90_000) == mediastreams.VIDEO_TIME_BASE
    assert "return Vp8Encoder()" in source(aiortc.codecs.get_encoder)
    text = source(sender.RTCRtpSender._handle_rtcp_packet)
    assert text.count("self._send_keyframe()") == 1  # PLI and FIR; looked up on the instance
    assert "self.__force_keyframe = True" in source(sender.RTCRtpSender._send_keyframe)
    assert "self.__track.stop()" in source(sender.RTCRtpSender._run_rtp)


def test_vp8_is_offered_first() -> None:
    assert CODECS["video"][0].mimeType == "video/VP8"


def test_h264() -> None:
    upstream.fit()
    inside = vars(aiortc.codecs)
    assert inside["H264Decoder"] is arrival_buffer.RunH264Decoder
    assert "return H264Decoder()" in source(aiortc.codecs.get_decoder)
    assert "return H264Encoder()" in source(aiortc.codecs.get_encoder)
    assert "self.codec.decode(packet)" in source(h264.H264Decoder.decode)
    assert "packet.pts = encoded_frame.timestamp" in source(h264.H264Decoder.decode)
    assert names(h264.H264Encoder.pack) == ["self", "packet"]
    text = source(h264.H264Encoder.pack)
    assert "self._split_bitstream(bytes(packet))" in text
    assert "return self._packetize(packages), timestamp" in text
    assert h264.PACKET_MAX == repair_packets.STOCK_PAYLOAD_BYTES
    told = [codec.parameters for codec in CODECS["video"] if codec.mimeType == "video/H264"]
    assert [each["profile-level-id"] for each in told] == ["42001f", new_connection.H264_PROFILE]
    assert {each["packetization-mode"] for each in told} == {"1"}
    assert "self._next_encoded_frame(codec)" in source(sender.RTCRtpSender._run_rtp)
    assert "self.__codecs: dict[int, RTCRtpCodecParameters] = {}" in source(receiver)


def test_packets_past_the_keys_are_read_where_ours_stand_guard() -> None:
    assert names(STOCK_DTLS._handle_rtcp_data) == ["self", "data"]
    assert names(STOCK_DTLS._handle_rtp_data) == ["self", "data", "arrival_time_ms"]
    assert names(STOCK_SCTP._handle_data) == ["self", "data"]
    assert names(STOCK_SCTP.__init__) == ["self", "transport", "port"]
    assert inspect.signature(STOCK_SCTP.__init__).parameters["port"].default == sctp_mends.SCTP_PORT
    for reader in ("await self._handle_rtcp_data(data)", "await self._data_receiver._handle_data"):
        assert reader in source(STOCK_DTLS._recv_next)


def test_line_transport() -> None:
    assert names(STOCK_DTLS._send_rtp) == names(STOCK_DTLS._handle_rtcp_data) == ["self", "data"]
    assert names(STOCK_DTLS._handle_rtp_data) == ["self", "data", "arrival_time_ms"]
    text = source(STOCK_DTLS._recv_next)
    assert "await self._handle_rtcp_data(data)" in text
    assert "await self._handle_rtp_data(data, arrival_time_ms=arrival_time_ms)" in text
    assert "raise ConnectionError" in source(STOCK_DTLS._send_rtp)
    assert issubclass(line_transport.LineTransport, dtls_flights.FlightDtlsTransport)


def test_transport_numbers() -> None:
    upstream.fit()
    for kind in ("audio", "video"):
        found = [each for each in HEADER_EXTENSIONS[kind] if each.uri.endswith("extensions-01")]
        assert [each.id for each in found] == [5]
        assert len({each.id for each in HEADER_EXTENSIONS[kind]}) == len(HEADER_EXTENSIONS[kind])
    for codec in CODECS["audio"] + CODECS["video"]:
        told = [feedback.type for feedback in codec.rtcpFeedback]
        assert "goog-remb" not in told
        assert ("transport-cc" in told) == (codec.name.lower() != "rtx")
    assert vars(sender)["RtpPacket"] is transport_numbers.NumberedPacket
    assert "packet = RtpPacket(" in source(sender.RTCRtpSender._run_rtp)
    assert vars(sender)["RTP_HISTORY_SIZE"] == 1024
    assert aiortc.rtp.RTP_HISTORY_SIZE == 128  # stock's value
    assert "% RTP_HISTORY_SIZE" in source(sender.RTCRtpSender._run_rtp)
    assert "sequence_number % RTP_HISTORY_SIZE" in source(sender.RTCRtpSender._retransmit)
    assert "rtx.extensions = packet.extensions" in source(aiortc.rtp.wrap_rtx)
    assert list(inspect.signature(aiortc.rtp.RtpPacket.__init__).parameters)[1:] == [
        "payload_type",
        "marker",
        "sequence_number",
        "timestamp",
        "ssrc",
        "payload",
    ]
    ids = vars(aiortc.rtp.HeaderExtensionsMap())["_HeaderExtensionsMap__ids"]
    assert ids.transport_sequence_number is ids.abs_send_time is None
    text = source(STOCK_DTLS)
    assert text.count("self._rtp_header_extensions_map.configure(parameters)") == 2


def test_picture_senders() -> None:
    text = source(sender.RTCRtpSender.__init__)
    for name in (
        "self.__encoder:",
        "self.__mid:",
        "self.__rtp_history:",
        "self.__rtp_timestamp =",
        "self.__rtp_header_extensions_map =",
        "self.__rtt:",
        "self.__rtx_payload_type:",
        "self.__rtx_sequence_number =",
        "self._rtx_ssrc =",
        "self._ssrc =",
    ):
        assert name in text
    assert names(sender.RTCRtpSender._handle_rtcp_packet) == ["self", "packet"]
    assert names(sender.RTCRtpSender._retransmit) == ["self", "sequence_number"]
    text = source(sender.RTCRtpSender._handle_rtcp_packet)
    assert "await self._retransmit(seq)" in text
    assert "self.__encoder.target_bitrate = bitrate" in text
    assert "await recipient._handle_rtcp_packet(packet)" in source(STOCK_DTLS._handle_rtcp_data)
    text = source(receiver.RTCRtpReceiver)
    assert "if self.__remote_bitrate_estimator is not None:" in text
    # What is padding only is counted and goes no further.
    assert "len(packet.payload) < 2" in source(receiver.RTCRtpReceiver._handle_rtp_packet)
