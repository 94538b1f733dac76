"""Signalling over real sockets: uvicorn on loopback, the client library on the other side."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.contract.signalling import FRAME_MAX_BYTES, SESSION_OVER
from app.domain.access import Role
from app.domain.audit import Act
from app.domain.ids import new_id
from app.domain.visits import VisitState
from server.signalling.allowance import WORDS_A_SECOND, WORDS_MOST
from server.tables import time_text
from tests.server.given import Clinic, Device, Json, clinic_in

LIMIT_S = 10


class Socket:
    """A signalling socket of a device; every wait has a limit."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @classmethod
    @asynccontextmanager
    async def of(cls, device: Device, address: str) -> AsyncIterator[Self]:
        headers = {"Authorization": device.http.headers["Authorization"]}
        url = f"ws://{address}/v1/signalling"
        async with connect(url, additional_headers=headers, compression=None) as connection:
            yield cls(connection)

    async def say(self, kind: str, **fields: Any) -> None:
        await self._connection.send(json.dumps({"kind": kind, **fields}))

    async def send(self, frame: str | bytes) -> None:
        await self._connection.send(frame)

    async def hear(self, kind: str, limit_s: float = LIMIT_S) -> Json:
        """The next word of this kind; others are passed over."""
        async with asyncio.timeout(limit_s):
            while True:
                word = json.loads(await self._connection.recv())
                if word["kind"] == kind:
                    return dict(word)

    async def room_with(self, count: int, connected: int) -> Json:
        while True:
            room = await self.hear("room")
            seats = room["seats"]
            if (len(seats), sum(seat["is_connected"] for seat in seats)) == (count, connected):
                return room

    async def pong(self) -> None:
        """All that was said before is heard by the server."""
        await self.say("ping", sent=1.5)
        assert (await self.hear("pong"))["sent"] == 1.5

    async def closed(self) -> int:
        async with asyncio.timeout(LIMIT_S):
            with pytest.raises(ConnectionClosed):
                while True:
                    await self._connection.recv()
        code = self._connection.close_code
        assert code is not None
        return code


async def test_two_seats_hear_of_each_other_and_signal(clinic: Clinic) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    patient, visit = clinic.add_visit()
    async with (
        clinic.on_a_socket() as address,
        Socket.of(desk, address) as doctor,
        Socket.of(cart, address) as nurse,
    ):
        await nurse.say("join", visit=str(visit))
        await nurse.room_with(1, 1)
        await doctor.say("join", visit=str(visit))
        for socket in (doctor, nurse):
            room = await socket.room_with(2, 2)
            assert {seat["role"] for seat in room["seats"]} == {"clinician", "presenter"}
            assert {seat["name"] for seat in room["seats"]} == {"Dr Lin", "Nurse Kim"}
        link, payload = str(new_id()), {"type": "offer", "sdp": "v=0"}
        await doctor.say("signal", visit=str(visit), link=link, payload=payload)
        heard = await nurse.hear("signal")
        assert (heard["link"], heard["payload"]) == (link, payload)
        assert heard["fingerprints"] == []
        await nurse.say("live", visit=str(visit), payload={"kind": "cuff-pressure", "value": "90"})
        assert (await doctor.hear("live"))["payload"]["value"] == "90"
        await nurse.say("leave", visit=str(visit))
        await doctor.room_with(1, 1)
    joined = clinic.audited(Act.VISIT_JOINED)
    assert [event["device"] for event in joined] == [str(cart.id), str(desk.id)]
    assert {event["patient"] for event in joined} == {str(patient)}
    [left] = clinic.audited(Act.VISIT_LEFT)
    assert (left["device"], left["code"]) == (str(cart.id), None)


async def test_the_server_vouches_for_what_the_seat_sent_and_for_nothing_it_claims(
    clinic: Clinic,
) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    _, visit = clinic.add_visit()
    async with (
        clinic.on_a_socket() as address,
        Socket.of(desk, address) as doctor,
        Socket.of(cart, address) as nurse,
    ):
        for socket in (nurse, doctor):
            await socket.say("join", visit=str(visit))
        await nurse.room_with(2, 2)
        ours = {
            "visit": str(visit),
            "link": str(new_id()),
            "payload": {"type": "offer", "sdp": "v=0\r\na=fingerprint:SHA-256 ab:cd\r\n"},
        }
        await doctor.say("signal", fingerprints=["sha-256 00:11"], **ours)
        assert (await nurse.hear("signal"))["fingerprints"] == ["sha-256 AB:CD"]
        many = "".join(f"a=fingerprint:sha-256 {number:02}\n" for number in range(17))
        await doctor.say("signal", **{**ours, "payload": {"type": "offer", "sdp": many}})
        assert (await doctor.hear("refusal"))["code"] == "malformed"


async def test_who_is_signed_in_is_lent_the_relays_and_nobody_else(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of relays and server")
    urls = ("turn:relay.example", "turns:relay.example")
    async with clinic_in(tmp_path / "data", relays=urls, relay_secret=secret) as clinic:
        desk = await clinic.doctor()
        async with clinic.on_a_socket() as address, Socket.of(desk, address) as doctor:
            lent = await doctor.hear("relays")
    assert tuple(lent["urls"]) == urls
    assert lent["username"].endswith(f":{desk.id}")


async def test_only_seats_of_the_room_speak_in_it(clinic: Clinic) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    _, visit = clinic.add_visit()
    async with (
        clinic.on_a_socket() as address,
        Socket.of(desk, address) as doctor,
        Socket.of(cart, address) as nurse,
    ):
        await nurse.say("join", visit=str(visit))
        await nurse.room_with(1, 1)
        for word in ("signal", "live"):
            await doctor.say(word, visit=str(visit), link=str(new_id()), payload={})
            assert (await doctor.hear("refusal"))["code"] == "not-allowed"
        await doctor.say("join", visit=str(new_id()))
        assert (await doctor.hear("refusal"))["code"] == "not-found"
        await nurse.pong()  # and heard nothing of it


async def test_a_visit_that_is_over_is_not_joined(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    _, visit = clinic.add_visit()
    await desk.push(desk.move(visit, VisitState.IN_VISIT, 1))
    await desk.push(desk.move(visit, VisitState.FINISHED, 2))
    async with clinic.on_a_socket() as address, Socket.of(desk, address) as doctor:
        await doctor.say("join", visit=str(visit))
        refusal = await doctor.hear("refusal")
        assert (refusal["code"], refusal["visit"]) == ("no-visit-open", str(visit))
        await doctor.say("live", visit=str(visit), payload={})
        refusal = await doctor.hear("refusal")
        assert (refusal["code"], refusal["visit"]) == ("not-allowed", None)


async def test_a_closed_socket_is_not_a_leave(clinic: Clinic) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    _, visit = clinic.add_visit()
    async with clinic.on_a_socket() as address, Socket.of(desk, address) as doctor:
        await doctor.say("join", visit=str(visit))
        async with Socket.of(cart, address) as nurse:
            await nurse.say("join", visit=str(visit))
            await doctor.room_with(2, 2)
        await doctor.room_with(2, 1)
        async with Socket.of(cart, address) as nurse:
            await nurse.say("join", visit=str(visit))
            await doctor.room_with(2, 2)
    assert len(clinic.audited(Act.VISIT_JOINED)) == 2
    assert clinic.audited(Act.VISIT_LEFT) == []


async def test_a_visit_goes_on_from_another_desk_and_a_seat_that_lives_is_kept(
    clinic: Clinic,
) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    clinic.add_person("dr-ito", "Dr Ito", Role.CLINICIAN)
    other_desk = await clinic.sign_in("dr-ito", Role.CLINICIAN)
    _, visit = clinic.add_visit()
    async with (
        clinic.on_a_socket() as address,
        Socket.of(cart, address) as nurse,
        Socket.of(other_desk, address) as other,
    ):
        await nurse.say("join", visit=str(visit))
        async with Socket.of(desk, address) as doctor:
            await doctor.say("join", visit=str(visit))
            await nurse.room_with(2, 2)
            await other.say("join", visit=str(visit))
            assert (await other.hear("refusal"))["code"] == "seat-taken"
            await other.say("live", visit=str(visit), payload={})
            assert (await other.hear("refusal"))["code"] == "not-allowed"
        await nurse.room_with(2, 1)
        await other.say("join", visit=str(visit))
        room = await nurse.room_with(2, 2)
        assert {seat["device"] for seat in room["seats"]} == {str(cart.id), str(other_desk.id)}
        async with Socket.of(desk, address) as doctor:
            await doctor.say("join", visit=str(visit))
            assert (await doctor.hear("refusal"))["code"] == "seat-taken"
    [left] = clinic.audited(Act.VISIT_LEFT)
    assert (left["device"], left["code"]) == (str(desk.id), "seat-taken")


async def test_a_lost_seat_interrupts_the_visit_until_it_is_back(tmp_path: Path) -> None:
    # With no patience at all, so that the test need not wait: lost at once, kept for ever.
    async with clinic_in(tmp_path, lost_after_s=0, seat_kept_s=900) as clinic:
        desk, cart = await clinic.doctor(), await clinic.nurse()
        _, visit = clinic.add_visit()
        await desk.push_one(desk.move(visit, VisitState.IN_VISIT, 1))
        async with clinic.on_a_socket() as address, Socket.of(desk, address) as doctor:
            await doctor.say("join", visit=str(visit))
            async with Socket.of(cart, address) as nurse:
                await nurse.say("join", visit=str(visit))
                await doctor.room_with(2, 2)
                before = (await desk.feed())["until"]
            await _feed_after(doctor, before)
            interrupted = await desk.record(visit)
            assert interrupted["document"]["interrupted_since"] is not None
            assert interrupted["version"] == 2  # it counts what people set
            async with Socket.of(cart, address) as nurse:
                await nurse.say("join", visit=str(visit))
                await _feed_after(doctor, interrupted["position"])
                again = await desk.record(visit)
                assert again["document"]["interrupted_since"] is None
                [event] = clinic.audited(Act.VISIT_INTERRUPTED)
                assert event["visit"] == str(visit)
            await _feed_after(doctor, again["position"])
            moved = await desk.push_one(desk.move(visit, VisitState.FINISHED, 2))
            assert moved["outcome"] == "accepted"
            assert moved["record"]["document"]["interrupted_since"] is None


async def test_a_visit_that_nobody_is_in_is_not_interrupted(tmp_path: Path) -> None:
    async with clinic_in(tmp_path, lost_after_s=0, seat_kept_s=0) as clinic:
        desk, cart = await clinic.doctor(), await clinic.nurse()
        _, visit = clinic.add_visit()
        async with clinic.on_a_socket() as address, Socket.of(desk, address) as doctor:
            await doctor.say("join", visit=str(visit))
            async with Socket.of(cart, address) as nurse:
                await nurse.say("join", visit=str(visit))
                await doctor.room_with(2, 2)
            await doctor.room_with(1, 1)
            [left] = clinic.audited(Act.VISIT_LEFT)
            assert (left["device"], left["code"]) == (str(cart.id), "peer-away")
            assert clinic.audited(Act.VISIT_INTERRUPTED) == []  # it was booked only


async def test_a_restarted_server_waits_for_those_who_sat_there(tmp_path: Path) -> None:
    async with clinic_in(tmp_path) as clinic:
        desk, cart = await clinic.doctor(), await clinic.nurse()
        _, visit = clinic.add_visit()
        await desk.push_one(desk.move(visit, VisitState.IN_VISIT, 1))
        async with (
            clinic.on_a_socket() as address,
            Socket.of(desk, address) as doctor,
            Socket.of(cart, address) as nurse,
        ):
            await doctor.say("join", visit=str(visit))
            await nurse.say("join", visit=str(visit))
            await doctor.room_with(2, 2)
    async with clinic_in(tmp_path) as clinic, clinic.on_a_socket() as address:
        async with Socket.of(desk, address) as doctor:
            await doctor.say("join", visit=str(visit))
            await doctor.room_with(2, 1)
    assert len(clinic.audited(Act.VISIT_JOINED)) == 2


async def test_the_feed_is_told_to_all_sockets(clinic: Clinic) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    patient, visit = clinic.add_visit()
    async with (
        clinic.on_a_socket() as address,
        Socket.of(desk, address) as doctor,
        Socket.of(cart, address) as nurse,
    ):
        position = (await cart.push_one(cart.note(visit, patient)))["record"]["position"]
        for socket in (doctor, nurse):
            await _feed_after(socket, position - 1)


async def test_a_new_socket_is_told_where_the_feed_is(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    patient, visit = clinic.add_visit()
    await desk.push_one(desk.note(visit, patient))
    async with clinic.on_a_socket() as address, Socket.of(desk, address) as doctor:
        assert (await doctor.hear("feed"))["position"] == 3


async def test_a_newer_socket_of_a_device_replaces_the_older(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    _, visit = clinic.add_visit()
    async with clinic.on_a_socket() as address, Socket.of(desk, address) as older:
        await older.say("join", visit=str(visit))
        await older.room_with(1, 1)
        async with Socket.of(desk, address) as newer:
            assert await older.closed() == 4001
            await newer.say("join", visit=str(visit))
            await newer.room_with(1, 1)


async def test_signing_out_closes_the_socket(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    async with clinic.on_a_socket() as address, Socket.of(desk, address) as doctor:
        await doctor.pong()
        await desk.http.post("/v1/sign-out")
        assert await doctor.closed() == 1008


MALFORMED: list[str | bytes] = [
    "",
    "hello",
    "{}",
    '{"kind": "dance"}',
    '{"kind": "join", "visit": 5}',
    '{"kind": "ping", "sent": NaN}',
    '{"kind": "ping", "sent": "\\ud800"}',
    "[" * 20_000,
    b"\x00\x01\x02",
]


async def test_malformed_words_are_refused_and_the_socket_lives(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    async with clinic.on_a_socket() as address, Socket.of(desk, address) as doctor:
        for frame in MALFORMED:
            await doctor.send(frame)
            assert (await doctor.hear("refusal"))["code"] == "malformed", frame
        await doctor.pong()


async def test_who_speaks_only_nonsense_is_let_go(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    async with clinic.on_a_socket() as address, Socket.of(desk, address) as doctor:
        for _ in range(51):
            await doctor.send("nonsense")
        assert await doctor.closed() == 1008


async def test_an_oversize_word_closes_its_own_socket_only(clinic: Clinic) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    async with (
        clinic.on_a_socket() as address,
        Socket.of(desk, address) as doctor,
        Socket.of(cart, address) as nurse,
    ):
        await doctor.send(" " * (FRAME_MAX_BYTES + 1))
        assert await doctor.closed() == 1009
        await nurse.pong()


async def test_a_word_of_the_largest_size_passes(clinic: Clinic) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    _, visit = clinic.add_visit()
    async with (
        clinic.on_a_socket() as address,
        Socket.of(desk, address) as doctor,
        Socket.of(cart, address) as nurse,
    ):
        for socket in (doctor, nurse):
            await socket.say("join", visit=str(visit))
        await doctor.room_with(2, 2)
        word = {"kind": "signal", "visit": str(visit), "link": str(new_id()), "payload": {}}
        word["payload"] = {"sdp": "x" * (FRAME_MAX_BYTES - len(json.dumps(word)) - 20)}
        await doctor.send(json.dumps(word))
        assert (await nurse.hear("signal"))["payload"] == word["payload"]


async def test_a_word_that_would_grow_past_the_limit_is_not_relayed(clinic: Clinic) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    _, visit = clinic.add_visit()
    async with (
        clinic.on_a_socket() as address,
        Socket.of(desk, address) as doctor,
        Socket.of(cart, address) as nurse,
    ):
        for socket in (doctor, nurse):
            await socket.say("join", visit=str(visit))
        await doctor.room_with(2, 2)
        numbers = "[" + ",".join(["1e15"] * 10_000) + "]"
        word = f'{{"kind": "live", "visit": "{visit}", "payload": {{"x": {numbers}}}}}'
        await doctor.send(word)
        assert (await doctor.hear("refusal"))["code"] == "too-large"
        await nurse.pong()


@asynccontextmanager
async def both_in_a_room(clinic: Clinic) -> AsyncIterator[tuple[Socket, Socket, str]]:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    _, visit = clinic.add_visit()
    async with (
        clinic.on_a_socket() as address,
        Socket.of(desk, address) as doctor,
        Socket.of(cart, address) as nurse,
    ):
        for socket in (doctor, nurse):
            await socket.say("join", visit=str(visit))
        await doctor.room_with(2, 2)
        await nurse.room_with(2, 2)
        yield doctor, nurse, str(visit)


async def test_who_talks_without_end_does_not_talk_the_other_off(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    async with both_in_a_room(clinic) as (doctor, nurse, visit):
        for number in range(2000):
            await doctor.say("live", visit=visit, payload={"n": number})
        await doctor.pong()
        heard = [(await nurse.hear("live"))["payload"]["n"] for _ in range(WORDS_MOST)]
        assert heard == list(range(WORDS_MOST))
        await nurse.pong()
        clinic.clock.move(1)
        for number in range(2 * WORDS_A_SECOND):
            await doctor.say("live", visit=visit, payload={"n": number})
        await doctor.pong()
        heard = [(await nurse.hear("live"))["payload"]["n"] for _ in range(WORDS_A_SECOND)]
        assert heard == list(range(WORDS_A_SECOND))
        await nurse.pong()
    told = [record.getMessage() for record in caplog.records if "too many words" in record.msg]
    assert [int(line.rpartition(" ")[2]) for line in told] == [2**power for power in range(11)]


async def test_large_words_without_end_are_bounded_too(clinic: Clinic) -> None:
    async with both_in_a_room(clinic) as (doctor, nurse, visit):
        payload = {"sdp": "x" * 60_000}
        for _ in range(400):
            await doctor.say("signal", visit=visit, link=str(new_id()), payload=payload)
        await doctor.pong()
        await nurse.say("leave", visit=visit)  # after whatever is on the way to it
        await nurse.pong()


async def test_who_comes_and_goes_without_end_does_not_talk_the_other_off(
    clinic: Clinic,
) -> None:
    async with both_in_a_room(clinic) as (doctor, nurse, visit):
        for _ in range(200):
            await doctor.say("join", visit=visit)
        refusal = await doctor.hear("refusal")
        assert (refusal["code"], refusal["visit"]) == ("overrun", visit)
        await doctor.pong()
        await nurse.pong()


async def test_a_newer_socket_is_no_new_allowance(clinic: Clinic) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    _, visit = clinic.add_visit()
    async with clinic.on_a_socket() as address, Socket.of(cart, address) as nurse:
        await nurse.say("join", visit=str(visit))
        for _ in range(3):
            async with Socket.of(desk, address) as doctor:
                await doctor.say("join", visit=str(visit))
                await doctor.room_with(2, 2)
                for _ in range(WORDS_MOST):
                    await doctor.say("live", visit=str(visit), payload={"n": 1})
                await doctor.pong()
        for _ in range(WORDS_MOST):
            await nurse.hear("live")
        await nurse.pong()
        with pytest.raises(TimeoutError):
            await nurse.hear("live", limit_s=0.2)


async def test_who_does_not_read_holds_up_nobody(clinic: Clinic) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    _, visit = clinic.add_visit()
    async with clinic.on_a_socket() as address:
        deaf = await connect(
            f"ws://{address}/v1/signalling",
            additional_headers={"Authorization": cart.http.headers["Authorization"]},
            compression=None,
            max_queue=1,
        )
        await deaf.send(json.dumps({"kind": "join", "visit": str(visit)}))
        async with Socket.of(desk, address) as doctor:
            await doctor.say("join", visit=str(visit))
            await doctor.room_with(2, 2)
            payload = {"sdp": "x" * 60_000}
            for _ in range(100):
                await doctor.say("signal", visit=str(visit), link=str(new_id()), payload=payload)
                clinic.clock.move(1)
            await doctor.pong()
        deaf.transport.abort()


async def test_a_bad_token_is_answered_before_the_socket_opens(clinic: Clinic) -> None:
    async with clinic.on_a_socket() as address:
        for token in ("Bearer nonsense", "", "Basic abc"):
            headers = {"Authorization": token}
            with pytest.raises(InvalidStatus) as caught:
                async with connect(f"ws://{address}/v1/signalling", additional_headers=headers):
                    pass
            response = caught.value.response
            assert response.status_code == 401
            assert json.loads(response.body or b"")["code"] == "token-invalid"


async def test_an_expired_token_is_answered_before_the_socket_opens(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    clinic.clock.move(clinic.settings.access_token_s + 1)
    async with clinic.on_a_socket() as address:
        with pytest.raises(InvalidStatus) as caught:
            async with Socket.of(desk, address):
                pass
    response = caught.value.response
    assert response.status_code in (401, 403)  # either makes the client renew its token
    assert json.loads(response.body or b"")["code"] == "token-expired"


async def test_a_session_that_is_over_closes_its_socket(tmp_path: Path) -> None:
    # The clock stands until it is moved: this short session is looked at again and again.
    async with clinic_in(tmp_path, refresh_token_s=0.05) as clinic:
        desk, cart = await clinic.doctor(), await clinic.nurse()
        async with (
            clinic.on_a_socket() as address,
            Socket.of(desk, address) as doctor,
            Socket.of(cart, address) as nurse,
        ):
            await doctor.pong()
            clinic.clock.move(0.04)
            body = desk.refresh_body(desk.signed_in["refresh_token"])
            assert (await desk.http.post("/v1/token", json=body)).status_code == 200
            clinic.clock.move(0.02)
            assert await nurse.closed() == SESSION_OVER
            await doctor.pong()  # its session was renewed meanwhile
            clinic.clock.move(0.05)
            assert await doctor.closed() == SESSION_OVER


async def test_a_session_that_was_over_before_gets_no_lasting_socket(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    clinic.sql("UPDATE sessions SET expires_at = ?", time_text(clinic.clock.now()))
    async with clinic.on_a_socket() as address, Socket.of(desk, address) as doctor:
        assert await doctor.closed() == SESSION_OVER


async def _feed_after(socket: Socket, position: int) -> None:
    while (await socket.hear("feed"))["position"] <= position:
        pass
