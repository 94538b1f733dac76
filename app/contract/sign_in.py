"""Signing in, the device's certificate, tokens and the server's time."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.contract.wire import Base64Text, Body, Count, Instant, ShortText
from app.domain.access import Role
from app.domain.ids import PersonId
from app.domain.people import Person

PASSWORD_LEAST = 8  # characters, of a new one
Password = Annotated[str, Field(min_length=1, max_length=1024)]
Token = Annotated[str, Field(max_length=4096, pattern=r"^[!-~]+$")]  # it travels in a header


class ServerTimeOut(Body):
    """GET /v1/time, without a token."""

    server_time: Instant


class FirstAccountIn(Body):
    """POST /v1/first-account: only on an empty server, with the one-time code it printed."""

    setup_code: ShortText
    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=PASSWORD_LEAST, max_length=1024)]
    name: ShortText
    role: Role


class DeviceIn(Body):
    """The device's identity; `public_key` is raw Ed25519, 32 bytes in base64.

    `proof` is the device's signature over `device_proof_bytes`, so that a key cannot be claimed.
    """

    id: UUID
    name: ShortText
    public_key: Base64Text
    proof: Base64Text


def device_proof_bytes(device: UUID, username: str) -> bytes:
    """What a device signs at sign-in (Ed25519)."""
    return f"bedside sign-in v1\n{device}\n{username}".encode()


class SignInIn(Body):
    """POST /v1/sign-in."""

    username: Annotated[str, Field(max_length=64)]
    password: Password
    role: Role  # of the program: a workstation signs in clinicians, a cart presenters
    device: DeviceIn


class PersonOut(Body):
    id: UUID
    name: ShortText
    role: Role

    def to_domain(self) -> Person:
        return Person(PersonId(self.id), self.name, self.role)


class CertificateOut(Body):
    """`document`: canonical JSON {device, public_key, issued_at, server}, signed by the server."""

    document: Annotated[str, Field(max_length=4096)]
    signature: Base64Text
    server_public_key: Base64Text


class SignInOut(Body):
    person: PersonOut
    access_token: Token
    expires_in_s: Count
    refresh_token: Token
    certificate: CertificateOut
    server_time: Instant
    is_demonstration: bool = False
    scope: Annotated[str, Field(max_length=64)] | None = None  # marks whom this person sees


class RefreshIn(Body):
    """POST /v1/token: `proof` is the device's signature over `refresh_proof_bytes`."""

    device: UUID
    refresh_token: Annotated[str, Field(max_length=4096)]
    proof: Base64Text


def refresh_proof_bytes(device: UUID, refresh_token: str) -> bytes:
    """What a device signs to renew its tokens (Ed25519)."""
    return f"bedside refresh v1\n{device}\n{refresh_token}".encode()


class RefreshOut(Body):
    access_token: Token
    expires_in_s: Count
    refresh_token: Token


class HealthOut(Body):
    """GET /v1/health, without a token."""

    status: Literal["ok"]
    is_demonstration: bool
    has_accounts: bool
