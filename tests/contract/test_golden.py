"""Every body ever released still parses and still says the same; a later field passes through."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from app.contract import audit, bodies, calls, near, problem, sign_in, signalling, standing, sync
from app.contract.near import NEAR_WORD
from app.contract.signalling import CLIENT_WORD, SERVER_WORD
from app.domain.audit import AuditEvent, leaf_of
from app.domain.changes import RecordType
from server.judging import checked

GOLDEN = Path(__file__).parent / "golden"
MODULES = (audit, bodies, calls, near, problem, sign_in, signalling, standing, sync)
NAMES = sorted(path.stem for path in GOLDEN.glob("*.json") if path.stem != "api")
CLIENT_WORDS = ["Join", "Look", "Leave", "Signal", "Live", "Ping"]
NEAR_WORDS = ["NearHello", "NearProof", "NearPresence", "Signal", "Live"]
SERVER_WORDS = ["Room", "VouchedSignal", "Live", "FeedMoved", "Relays", "Pong", "Refusal"]


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())


def model(name: str) -> type[BaseModel]:
    [found] = {getattr(module, name) for module in MODULES if hasattr(module, name)}
    assert isinstance(found, type)
    assert issubclass(found, BaseModel)
    return found


def same_time(value: Any) -> Any:
    """`Z` and `+00:00` say the same."""
    if isinstance(value, dict):
        return {name: same_time(item) for name, item in value.items()}
    if isinstance(value, list):
        return [same_time(item) for item in value]
    return value.replace("+00:00", "Z") if isinstance(value, str) else value


@pytest.mark.parametrize("name", NAMES)
def test_a_released_body_says_what_it_said(name: str) -> None:
    written = golden(name)
    parsed = model(name).model_validate_json(json.dumps(written))
    said = parsed.model_dump(mode="json", exclude_unset=True)  # not what came to be said later
    assert same_time(said) == same_time(written)


@pytest.mark.parametrize("name", NAMES)
def test_a_field_of_a_later_release_is_let_through(name: str) -> None:
    later = {**golden(name), "of_a_later_release": {"x": 1}}
    assert model(name).model_validate(later) == model(name).model_validate(golden(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_field_that_is_needed_is_missed(name: str) -> None:
    needed = [key for key, field in model(name).model_fields.items() if field.is_required()]
    for key in needed:
        lacking = {other: value for other, value in golden(name).items() if other != key}
        with pytest.raises(ValidationError):
            model(name).model_validate(lacking)
    assert needed or name in ("Join", "Leave"), name


def test_every_body_of_the_wire_has_its_golden_file() -> None:
    bodies_of_records = {body.__name__ for body in bodies.BODY_OF.values()}
    assert bodies_of_records <= set(NAMES)
    assert set(CLIENT_WORDS) | set(SERVER_WORDS) | set(NEAR_WORDS) <= set(NAMES)
    assert set(bodies.BODY_OF) == set(RecordType)
    tops = {
        name
        for module in (audit, calls, sign_in, sync)
        for name in vars(module)
        if name.endswith(("In", "Out")) and vars(module)[name].__module__ == module.__name__
    }
    parts = {
        "PersonOut",
        "DeviceIn",
        "CertificateOut",
        "RecordOut",
        "GoneOut",
        "ChangeResultOut",
        "CallReportOut",
    }
    assert tops - parts - {"AuditRowOut"} <= set(NAMES)


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (CLIENT_WORDS, CLIENT_WORD.validate_json),
        (SERVER_WORDS, SERVER_WORD.validate_json),
        (NEAR_WORDS, NEAR_WORD.validate_json),
    ],
    ids=["the server reads", "the client reads", "a desk nearby reads"],
)
def test_words_of_the_socket_are_told_apart(
    names: list[str], read: Callable[[str], BaseModel]
) -> None:
    for name in names:
        assert type(read(json.dumps(golden(name)))) is model(name)


def test_what_desks_sign_for_each_other_is_written_down_once() -> None:
    """A changed form would have desks of two releases refuse each other."""
    signed = near.near_proof_bytes(
        near.NearSide.LISTENER,
        devices={near.NearSide.DIALLER: UUID(int=1), near.NearSide.LISTENER: UUID(int=2)},
        nonces={near.NearSide.DIALLER: bytes(32), near.NearSide.LISTENER: b"\x01" * 32},
        tls_certificate=b"certificate",
    )
    assert signed.decode().split("\n") == [
        "bedside near v1",
        "listener",
        "00000000-0000-0000-0000-000000000001",
        "00000000-0000-0000-0000-000000000002",
        "00" * 32,
        "01" * 32,
        "03d66dd08835c1ca3f128cceacd1f31ac94163096b20f445ae84285bc0832d72",
    ]


def test_a_change_keeps_its_meaning_through_the_domain() -> None:
    pushed = sync.PushIn.model_validate(golden("PushIn"))
    for body in pushed.changes:
        assert sync.ChangeBody.from_domain(body.to_domain()) == body


def test_a_record_arrives_in_the_domain_as_it_stands() -> None:
    page = sync.FeedOut.model_validate(golden("FeedOut")).to_domain()
    documents = [json.loads(record.body) for record in page.records]
    assert documents == [record["document"] for record in golden("FeedOut")["records"]]
    assert {record.record_type for record in page.records} == set(RecordType)


@pytest.mark.parametrize("kind", RecordType)
def test_the_server_keeps_every_released_document(kind: RecordType) -> None:
    document = golden(bodies.BODY_OF[kind].__name__)
    assert type(checked(kind, document)) is bodies.BODY_OF[kind]


@pytest.mark.parametrize(
    ("row", "leaf"),
    [
        (0, "34c729742298a344dae1f9a771dc2de5f50d6079459910c707c7c401ed0fe87d"),
        (1, "f73648dbe6628eb9c143de694d77b7f8a9c3c063a51657249521e68080733d45"),
    ],
    ids=["without a known offset", "with one"],
)
def test_an_event_is_hashed_the_same_on_both_sides(row: int, leaf: str) -> None:
    body = audit.AuditEventBody.model_validate(golden("AuditRowsOut")["rows"][row]["event"])
    event: AuditEvent = body.to_domain()
    again = audit.AuditEventBody.from_domain(event).to_domain()
    assert again.canonical() == event.canonical()
    # Written down once: a changed canonical form would void every digest that clients hold.
    assert leaf_of(event.canonical()) == leaf
