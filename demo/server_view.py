"""The server as anybody with an account sees it: over HTTP, signed in with a device of our own."""

import base64
import ssl
import uuid
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.contract.audit import AuditRowOut, AuditRowsOut
from app.contract.sign_in import DeviceIn, HealthOut, SignInIn, SignInOut, device_proof_bytes
from app.contract.sync import FeedOut, RecordOut
from app.domain.failures import Code
from demo.clinic import Account
from demo.waiting import NotSo

LIMIT_S = 10.0


class _TokenExpired(NotSo):
    """The sign-in is not good any more."""


class ServerView:
    """Everything is asked anew each time: nothing here remembers what the server said before."""

    def __init__(self, url: str, authority: Path) -> None:
        context = ssl.create_default_context(cafile=str(authority))
        self._http = httpx.Client(
            base_url=url, verify=context, timeout=LIMIT_S, trust_env=False, http2=False
        )
        self._account: Account | None = None
        self._token = ""

    def close(self) -> None:
        self._http.close()

    def is_demonstration(self) -> bool:
        return HealthOut.model_validate_json(self._get("/v1/health")).is_demonstration

    def sign_in(self, account: Account) -> None:
        key, device = Ed25519PrivateKey.generate(), uuid.uuid4()
        public = key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        body = SignInIn.model_validate(
            {
                "username": account.username,
                "password": account.password,
                "role": account.role,
                "device": DeviceIn(
                    id=device,
                    name="Looks from outside",
                    public_key=base64.b64encode(public).decode(),
                    proof=base64.b64encode(
                        key.sign(device_proof_bytes(device, account.username))
                    ).decode(),
                ),
            }
        )
        answer = self._asked("POST", "/v1/sign-in", body.model_dump_json())
        self._account = account
        self._token = SignInOut.model_validate_json(answer).access_token

    def records(self, visit: uuid.UUID) -> list[RecordOut]:
        """All that the feed has of this visit, the visit itself included."""
        found: list[RecordOut] = []
        since = 0
        while True:
            page = FeedOut.model_validate_json(self._get(f"/v1/feed?since={since}&limit=500"))
            found += [record for record in page.records if record.visit == visit]
            found += [record for record in page.records if record.record == visit]
            since = page.until
            if not page.has_more:
                return list({record.record: record for record in found}.values())

    def audit_of(self, patient: uuid.UUID) -> list[AuditRowOut]:
        answer = self._get(f"/v1/audit/events?patient={patient}")
        return AuditRowsOut.model_validate_json(answer).rows

    def _get(self, path: str) -> bytes:
        """A stage is watched for longer than a token is good for: then we sign in once more."""
        try:
            return self._asked("GET", path)
        except _TokenExpired:
            if self._account is None:
                raise
            self._token = ""
            self.sign_in(self._account)
            return self._asked("GET", path)

    def _asked(self, method: str, path: str, body: str | None = None) -> bytes:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = self._http.request(method, path, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise NotSo(f"{method} {path}: {type(error).__name__}") from error
        if answer.status_code != httpx.codes.OK:
            said = f"{method} {path}: {answer.status_code} {answer.text[:200]}"
            raise (_TokenExpired if Code.TOKEN_EXPIRED in answer.text else NotSo)(said)
        return answer.content
