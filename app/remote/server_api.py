"""The companion server over HTTP. Foreign exceptions end here; each request has a limit."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from app.contract.audit import AuditEventBody, ChainOut, DeviceEventBody
from app.contract.packing import PACKED, SMALLEST_BYTES, packed, unpacked
from app.contract.problem import Problem
from app.contract.sign_in import RefreshIn, RefreshOut, ServerTimeOut, SignInIn, SignInOut
from app.contract.standing import StandingAnswer, StandingIn
from app.contract.sync import (
    FEED_MAX_RECORDS,
    NEXT_PAGE,
    ChangeBody,
    FeedOut,
    PushIn,
    PushOut,
    following_in,
    push_body,
)
from app.contract.uploads import UPLOADS, LackingBody
from app.contract.wire import REQUEST_ID
from app.domain.access import Role
from app.domain.audit import DeviceEvent
from app.domain.changes import Change, FeedCursor, FeedPage
from app.domain.clock import Clock, ClockSample
from app.domain.failures import Code, Failure, Rejected, Unavailable, Untrusted
from app.domain.ids import DeviceId, new_id
from app.domain.server_words import ArrivingPart, ChainPart, DeviceCredentials, PushAnswer, SignedIn
from app.domain.standing import ToldStanding
from app.remote.address import ANSWER_LIMIT_S, CONNECT_LIMIT_S
from app.remote.device_key import (
    checked_certificate,
    checked_standing,
    device_in,
    refresh_proof,
    standing_proof,
)
from app.remote.file_parts import (
    PAST_THE_END,
    offset_told,
    part_told,
    words_of_part,
    words_to_begin,
)
from app.remote.server_places import ServerPlaces
from app.remote.tokens import Tokens
from app.runtime.aside import aside

log = logging.getLogger(__name__)

BodyT = TypeVar("BodyT", bound=BaseModel)
OnWhole = Callable[[Mapping[str, str]], None]
FILE_LIMIT_S = 120.0
WITHOUT_BODY = {
    401: Code.TOKEN_INVALID,
    404: Code.NOT_FOUND,
    410: Code.FILE_ERASED,
}
SIGN_OUT_LIMIT_S = 2.0
CHAIN_PART = 5000
WHOLE_LIMIT_S = 600.0  # however steadily it drips
SLOWEST_BYTES_S = 4096  # of a file that makes room for a call
ANSWER_MOST_BYTES = 32 * 1024 * 1024  # a full answer to a full push, and room


class ServerApi:
    """Fulfils ports.ServerApi. Open it as an async context. `transport`: another way than TCP."""

    def __init__(
        self,
        places: ServerPlaces,
        tokens: Tokens,
        clock: Clock,
        device: DeviceId,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._places = places
        self._tokens = tokens
        self._clock = clock
        self._device = device
        self._takes_packed = False  # until the server says so
        self._http = httpx.AsyncClient(
            verify=True if places.tls is None else places.tls,
            timeout=httpx.Timeout(ANSWER_LIMIT_S, connect=CONNECT_LIMIT_S),
            limits=httpx.Limits(max_connections=8, keepalive_expiry=30),
            trust_env=False,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def sign_in(
        self,
        username: str,
        password: str,
        role: Role,
        device: DeviceCredentials,
        known_certificate: str | None,
    ) -> SignedIn:
        content = _sign_in_content(username, password, role, device)
        answer = _parsed(
            await self._send("POST", "/v1/sign-in", content=content, with_token=False), SignInOut
        )
        certificate = checked_certificate(
            answer.certificate, device, answer.server_time, known_certificate
        )
        self._tokens.keep(answer.access_token, answer.expires_in_s)
        return SignedIn(
            answer.person.to_domain(),
            answer.refresh_token,
            certificate,
            answer.is_demonstration,
            answer.scope,
        )

    async def refresh(self, refresh_token: str, device: DeviceCredentials) -> str:
        """-> the next refresh token; the access token is kept here."""
        proof = refresh_proof(device, refresh_token)
        body = RefreshIn(device=device.id, refresh_token=refresh_token, proof=proof)
        answer = await self._post("/v1/token", body, RefreshOut, with_token=False)
        self._tokens.keep(answer.access_token, answer.expires_in_s)
        return answer.refresh_token

    async def standing(self, device: DeviceCredentials, known_certificate: str) -> ToldStanding:
        body = StandingIn(device=device.id, proof=standing_proof(device))
        answer = await self._post("/v1/standing", body, StandingAnswer, with_token=False)
        return checked_standing(answer, device, known_certificate)

    async def sign_out(self) -> None:
        """Forgotten here at once, whatever the server answers."""
        token = self._tokens.access
        self._tokens.forget()
        if token is not None:
            await self._send("POST", "/v1/sign-out", token=token, limit_s=SIGN_OUT_LIMIT_S)

    async def clock_sample(self) -> ClockSample:
        asked_at, started = self._clock.now(), self._clock.monotonic()
        answer = _parsed(await self._send("GET", "/v1/time", with_token=False), ServerTimeOut)
        round_trip = timedelta(seconds=self._clock.monotonic() - started)
        return ClockSample(asked_at, round_trip, answer.server_time)

    async def push(
        self, changes: list[Change], events: list[DeviceEvent], cursor: str | None = None
    ) -> PushAnswer:
        frame = PushIn(
            device=self._device,
            changes=[],
            events=[
                DeviceEventBody(
                    number=item.number,
                    digest=item.digest,
                    event=AuditEventBody.from_domain(item.event),
                )
                for item in events
            ],
            cursor=cursor,
        )
        bodies = (
            change.written or ChangeBody.from_domain(change).model_dump_json().encode()
            for change in changes
        )
        content, headers = push_body(frame, bodies), {"accept-encoding": PACKED}
        if self._takes_packed and len(content) >= SMALLEST_BYTES:
            plain = content
            content = await aside(len(plain), lambda: packed(plain))
            headers["content-encoding"] = PACKED
        told = await self._send("POST", "/v1/push", content=content, headers=headers)
        answer = _parsed(told, PushOut)
        results = tuple(result.to_domain() for result in answer.results)
        leads_to = None if answer.leads_to is None else answer.leads_to.to_domain()
        head = answer.head.to_domain()
        return PushAnswer(results, answer.events_until, head, leads_to, answer.takes)

    async def feed(
        self, at: FeedCursor, on_following: Callable[[FeedCursor], None] | None = None
    ) -> FeedPage:
        params: dict[str, int | str] = {"since": at.position, "limit": FEED_MAX_RECORDS}
        if at.text is not None:
            params["cursor"] = at.text
        if at.load is not None:
            params["load"] = at.load

        def came(headers: Mapping[str, str]) -> None:
            following = following_in(headers.get(NEXT_PAGE), at)
            if following is not None and on_following is not None:
                on_following(following)

        headers = {"accept-encoding": PACKED}
        answer = await self._send("GET", "/v1/feed", params=params, headers=headers, on_whole=came)
        return await aside(len(answer.content), lambda: _parsed(answer, FeedOut).to_domain())

    async def chain(self, since: int) -> ChainPart:
        answer = await self._send(
            "GET", "/v1/audit/chain", params={"since": since, "limit": CHAIN_PART}
        )
        part = _parsed(answer, ChainOut)
        return ChainPart(part.since, tuple(part.leaves), part.head.to_domain(), part.has_more)

    async def has_file(self, file_sha256: str) -> bool:
        try:
            await self._send("HEAD", f"/v1/files/{file_sha256}")
        except Rejected as no:
            if no.code is Code.NOT_FOUND:
                return False
            raise
        return True

    async def lacking_files(self, names: list[str]) -> list[str]:
        answer = await self._post("/v1/lacking-files", LackingBody(files=names), LackingBody)
        return answer.files

    async def begin_upload(self, file_sha256: str, byte_count: int) -> int:
        answer = await self._send("POST", UPLOADS, headers=words_to_begin(file_sha256, byte_count))
        return offset_told(answer.headers, byte_count)

    async def put_part(
        self, file_sha256: str, start: int, part: bytes, pieces: AsyncIterator[bytes]
    ) -> int:
        """As slowly as the pieces come; the server has limits of its own for that."""
        answer = await self._send(
            "PATCH",
            f"{UPLOADS}/{file_sha256}",
            content=pieces,
            headers=words_of_part(start, part),
            limit_s=FILE_LIMIT_S,
            more_time_s=len(part) / SLOWEST_BYTES_S,
        )
        return offset_told(answer.headers, start + len(part))

    async def get_part(self, file_sha256: str, start: int, most_bytes: int) -> ArrivingPart:
        answer = await self._send(
            "GET",
            f"/v1/files/{file_sha256}",
            headers={"range": f"bytes={start}-{start + most_bytes - 1}"},
            limit_s=FILE_LIMIT_S,
            also=(PAST_THE_END,),
        )
        return part_told(answer.status_code, answer.headers, answer.content, start)

    async def _post(
        self, path: str, body: BaseModel, answer: type[BodyT], *, with_token: bool = True
    ) -> BodyT:
        content = body.model_dump_json().encode()
        return _parsed(
            await self._send("POST", path, content=content, with_token=with_token), answer
        )

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, int | str] | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
        with_token: bool = True,
        token: str | None = None,
        limit_s: float = ANSWER_LIMIT_S,
        more_time_s: float = 0.0,
        also: tuple[int, ...] = (),
        on_whole: OnWhole = lambda _: None,
    ) -> "_Answer":
        headers = dict(headers or {})
        if method == "POST":
            headers["content-type"] = "application/json"
        headers.setdefault("accept-encoding", "identity")
        headers[REQUEST_ID] = str(new_id())
        if with_token:
            bearer = token or self._tokens.access
            if bearer is None:
                raise Rejected(Code.TOKEN_EXPIRED)
            headers["authorization"] = f"Bearer {bearer}"
        timeout = httpx.Timeout(limit_s, connect=min(limit_s, CONNECT_LIMIT_S))
        tries_left = self._places.count
        while True:
            place, tries_left = self._places.current, tries_left - 1
            request = self._http.build_request(
                method,
                place.url + path,
                params=params,
                content=content,
                headers=headers,
                timeout=timeout,
            )
            try:
                answer = await self._ask(request, WHOLE_LIMIT_S + more_time_s, on_whole)
                break
            except httpx.HTTPError as error:
                failure = failure_of(error)
                is_elsewhere = isinstance(failure, Unavailable) and self._places.gone(place)
                was_sent = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if was_sent or not is_elsewhere or not tries_left:
                    raise failure from error
            except TimeoutError as error:
                raise Unavailable(Code.SERVER_UNREACHABLE) from error
        if 200 <= answer.status_code < 300 or answer.status_code in also:
            return answer
        raise _problem_of(answer, method)

    async def _ask(
        self, request: httpx.Request, whole_limit_s: float, on_whole: OnWhole
    ) -> "_Answer":
        """`on_whole` hears the headers when the body is here and not yet unpacked."""
        asked_as = request.headers[REQUEST_ID]
        async with asyncio.timeout(whole_limit_s):
            answering = await self._http.send(request, stream=True)
            try:
                if answering.headers.get(REQUEST_ID, asked_as) != asked_as:
                    raise Unavailable(Code.SERVER_ERROR, "the answer to another question")
                asked = request.headers.get("accept-encoding", "identity")
                content = await _read(answering, is_packed_welcome=asked == PACKED)
                if answering.is_success:
                    on_whole(answering.headers)
                if answering.headers.get("content-encoding") == PACKED:
                    content = await _unpacked(content)
                if asked == PACKED:
                    self._takes_packed = answering.headers.get("accept-encoding") == PACKED
                return _Answer(answering.status_code, content, answering.headers)
            finally:
                await answering.aclose()


@dataclass(frozen=True, slots=True)
class _Answer:
    status_code: int
    content: bytes
    headers: Mapping[str, str]


async def _read(answering: httpx.Response, *, is_packed_welcome: bool) -> bytes:
    """As it came; Unavailable when it is packed otherwise than asked for, or larger than may be.

    Packed ones stay so: the library would make of one whatever it says to be.
    """
    coding = answering.headers.get("content-encoding", "identity")
    if coding not in ({"identity", PACKED} if is_packed_welcome else {"identity"}):
        raise Unavailable(Code.SERVER_ERROR, "a packed answer that nobody asked for")
    content = bytearray()
    async for part in answering.aiter_raw() if coding == PACKED else answering.aiter_bytes():
        content += part
        if len(content) > ANSWER_MOST_BYTES:
            raise Unavailable(Code.SERVER_ERROR, "an answer that is too large")
    return bytes(content)


async def _unpacked(content: bytes) -> bytes:
    try:
        return await aside(len(content), lambda: unpacked(content, ANSWER_MOST_BYTES))
    except Rejected as no:
        raise Unavailable(Code.SERVER_ERROR, "a packed answer that is not what it says") from no


def _sign_in_content(username: str, password: str, role: Role, device: DeviceCredentials) -> bytes:
    """Rejected(WRONG_CREDENTIALS) for what no account can have: too long, empty, half a character.

    Raised out of the handler: pydantic's words quote what was typed.
    """
    try:
        body = SignInIn(
            username=username, password=password, role=role, device=device_in(device, username)
        )
        return body.model_dump_json().encode()
    except ValueError:
        pass
    raise Rejected(Code.WRONG_CREDENTIALS)


# OpenSSL's X509_V_ERR_… (x509_vfy.h): not yet valid, expired; another host, another IP address.
_CERTIFICATE_FAULTS = {
    9: Code.CERTIFICATE_EXPIRED,
    10: Code.CERTIFICATE_EXPIRED,
    62: Code.CERTIFICATE_OF_ANOTHER,
    64: Code.CERTIFICATE_OF_ANOTHER,
}


def failure_of(error: httpx.HTTPError) -> Failure:
    """A refused certificate is not the same as a server that does not answer."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Untrusted(_CERTIFICATE_FAULTS.get(cause.verify_code, Code.SERVER_UNTRUSTED))
        cause = cause.__cause__ or cause.__context__
    return Unavailable(Code.SERVER_UNREACHABLE)


def _problem_of(answer: _Answer, method: str) -> Failure:
    # An answer to HEAD has no body to say it.
    told = WITHOUT_BODY if method == "HEAD" else {}
    code = told.get(answer.status_code, Code.SERVER_ERROR)
    if answer.content:
        try:
            code = Code(Problem.model_validate_json(answer.content).code)
        except (ValidationError, ValueError):
            log.info("an answer %d without a known code", answer.status_code)
    if answer.status_code >= 500:
        return Unavailable(code)
    return Rejected(code)


def _parsed(answer: _Answer, body: type[BodyT]) -> BodyT:
    try:
        return body.model_validate_json(answer.content)
    except ValidationError as error:
        raise Unavailable(Code.SERVER_ERROR, "an answer that is not of the contract") from error
