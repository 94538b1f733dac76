"""A clinic for the tests of desks that meet without the server: its key, and what it signs."""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.contract.sign_in import CertificateOut
from app.contract.standing import StandingDocument, StandingOut, standing_bytes
from app.domain.ids import DeviceId, new_id
from app.domain.server_words import DeviceCredentials
from app.domain.standing import Lease, Revocation, Standing
from app.remote.near_proof import NearIdentity
from tests.fakes.time_loop import MORNING

DAY = timedelta(days=1)


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def public(key: Ed25519PrivateKey) -> str:
    return text(key.public_key().public_bytes_raw())


def new_device(name: str = "desk") -> DeviceCredentials:
    key = Ed25519PrivateKey.generate()
    return DeviceCredentials(DeviceId(new_id()), name, key.private_bytes_raw())


@dataclass
class FixedClock:
    """The wall clock of a desk; it is always the same morning."""

    time: datetime = MORNING
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Clinic:
    """Signs as server/accounts and server/standing do."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def certificate(self, device: DeviceCredentials, /, **other: Any) -> CertificateOut:
        fields = {
            "device": str(device.id),
            "issued_at": (MORNING - DAY).isoformat(),
            "public_key": public(Ed25519PrivateKey.from_private_bytes(device.private_key)),
            "server": public(self.key),
            **other,
        }
        document = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        return CertificateOut(
            document=document,
            signature=text(self.key.sign(document.encode())),
            server_public_key=public(self.key),
        )

    def standing(self, standing: Standing) -> StandingOut:
        document = StandingDocument.from_domain(standing).model_dump_json()
        return StandingOut(
            document=document, signature=text(self.key.sign(standing_bytes(document)))
        )

    def lease(
        self, device: DeviceCredentials, lasts: timedelta = DAY, issued_at: datetime = MORNING
    ) -> StandingOut:
        return self.standing(Lease(device.id, issued_at, issued_at + lasts))

    def revocation(self, device: DeviceCredentials, at: datetime = MORNING) -> StandingOut:
        return self.standing(Revocation(device.id, at, wipes=False))

    def identity(
        self,
        device: DeviceCredentials | None = None,
        lease: StandingOut | None = None,
        certificate: CertificateOut | None = None,
        revocations: Iterable[StandingOut] = (),
    ) -> NearIdentity:
        device = device or new_device()
        return NearIdentity(
            device,
            (certificate or self.certificate(device)).model_dump_json(),
            (lease or self.lease(device)).model_dump_json(),
            tuple(one.model_dump_json() for one in revocations),
        )
