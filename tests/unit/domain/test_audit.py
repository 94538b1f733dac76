"""The digest chain: what a walk finds, and what only somebody who held a digest can find."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.audit import (
    CHAIN_START,
    EMPTY_CHAIN,
    Act,
    AuditEvent,
    ChainRow,
    Witness,
    extended,
    leaf_of,
    next_digest,
    verify_chain,
    verify_extension,
)
from app.domain.failures import Code, Untrusted
from app.domain.ids import EventId, PersonId


def event(number: int) -> AuditEvent:
    return AuditEvent(
        id=EventId(UUID(int=number)),
        act=Act.NOTE_KEPT,
        at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC) + timedelta(seconds=number),
        actor=PersonId(UUID(int=7)),
    )


NAMES = ("actor", "device", "patient", "subject", "visit")


def rows_of(events: list[bytes]) -> list[ChainRow]:
    rows, digest = [], CHAIN_START
    for number, data in enumerate(events, start=1):
        digest = next_digest(digest, leaf_of(data))
        rows.append(ChainRow(number, data, digest))
    return rows


def chain(length: int) -> list[ChainRow]:
    return rows_of([event(number).canonical() for number in range(1, length + 1)])


def head_of(rows: list[ChainRow]) -> Witness:
    return Witness(rows[-1].number, rows[-1].digest)


def test_the_canonical_form_is_written_down() -> None:
    assert event(1).canonical() == (
        b'{"act":"note-kept","actor":"00000000-0000-0000-0000-000000000007",'
        b'"at":"2026-11-21T09:00:01.000000+00:00","code":null,"device":null,'
        b'"id":"00000000-0000-0000-0000-000000000001","patient":null,"subject":null,"visit":null}'
    )


def test_a_known_offset_stands_beside_the_raw_time() -> None:
    known = replace(event(1), offset_ms=-1_800_000, uncertainty_ms=20)
    assert b'"at":"2026-11-21T09:00:01.000000+00:00"' in known.canonical()
    assert b'"offset_ms":-1800000,' in known.canonical()
    assert b'"uncertainty_ms":20,' in known.canonical()
    assert known.corrected_at == event(1).at - timedelta(minutes=30)
    assert event(1).corrected_at == event(1).at


@pytest.mark.parametrize("is_full", [True, False])
def test_the_canonical_form_is_json_as_every_reader_would_write_it(is_full: bool) -> None:
    one = event(3)
    if is_full:
        ids = {name: UUID(int=number) for number, name in enumerate(NAMES)}
        offset = {"offset_ms": -3, "uncertainty_ms": 0, "code": Code.AUDIT_GAP}
        one = replace(one, **ids, **offset)  # type: ignore[arg-type]  # their own types
    told = json.loads(one.canonical())
    assert set(told) >= {"act", "at", "code", "id", *NAMES}
    assert one.canonical() == json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize("words", [Act, Code])
def test_no_word_of_the_audit_has_a_sign_that_json_escapes(words: type[StrEnum]) -> None:
    assert [word for word in words if not re.fullmatch(r"[a-z0-9-]+", word)] == []


def test_the_same_instant_in_another_zone_is_the_same_event() -> None:
    here = event(1)
    there = AuditEvent(
        here.id, here.act, here.at.astimezone(timezone(timedelta(hours=5))), here.actor
    )
    assert there.canonical() == here.canonical()


def test_a_leaf_never_poses_as_a_digest() -> None:
    digest, leaf = "11" * 32, "22" * 32
    assert next_digest(digest, leaf) != leaf_of(bytes.fromhex(digest) + bytes.fromhex(leaf))


def test_a_sound_chain_is_sound() -> None:
    rows = chain(20)
    witnesses = [EMPTY_CHAIN, Witness(7, rows[6].digest), head_of(rows)]
    assert verify_chain(rows, witnesses) == (head_of(rows), None)
    assert verify_chain([], []) == (EMPTY_CHAIN, None)


@given(st.integers(1, 12), st.integers(0, 11), st.integers(0, 7))
def test_every_changed_bit_is_found_where_it_is(length: int, at: int, bit: int) -> None:
    rows = chain(length)
    at %= length
    data = bytearray(rows[at].event_bytes)
    data[at % len(data)] ^= 1 << bit
    rows[at] = ChainRow(at + 1, bytes(data), rows[at].digest)
    reached, fault = verify_chain(rows)
    assert fault is not None
    assert fault.number == at + 1
    del reached


@given(st.integers(2, 12), st.data())
def test_every_missing_row_but_the_last_is_found(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    gone = data.draw(st.integers(0, length - 2))
    _, fault = verify_chain(rows[:gone] + rows[gone + 1 :])
    assert fault is not None
    assert (fault.number, fault.what) == (gone + 1, "a row is missing")


@given(st.integers(2, 12), st.data())
def test_a_reordering_is_found(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    first = data.draw(st.integers(0, length - 2))
    rows[first], rows[first + 1] = (
        ChainRow(first + 1, rows[first + 1].event_bytes, rows[first].digest),
        ChainRow(first + 2, rows[first].event_bytes, rows[first + 1].digest),
    )
    _, fault = verify_chain(rows)
    assert fault is not None
    assert fault.number == first + 1


@given(st.integers(1, 12), st.data())
def test_rows_lost_at_the_end_are_found_by_a_witness_only(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    left = data.draw(st.integers(0, length - 1))
    assert verify_chain(rows[:left])[1] is None
    _, fault = verify_chain(rows[:left], [head_of(rows)])
    assert fault is not None
    assert fault.number == length
    held = Witness(left, rows[left - 1].digest) if left else EMPTY_CHAIN
    with pytest.raises(Untrusted) as caught:
        verify_extension(head_of(rows), [], held)
    assert caught.value.code is Code.AUDIT_MISMATCH


@given(st.integers(2, 12), st.data())
def test_a_chain_computed_anew_is_found_by_a_witness_only(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    gone = data.draw(st.integers(0, length - 2))
    seen = data.draw(st.integers(gone + 1, length - 1))
    anew = rows_of([row.event_bytes for row in rows[:gone] + rows[gone + 1 :]])
    assert verify_chain(anew)[1] is None
    witness = Witness(seen, rows[seen - 1].digest)
    _, fault = verify_chain(anew, [witness])
    assert fault is not None
    leaves = [leaf_of(row.event_bytes) for row in anew[seen:]]
    with pytest.raises(Untrusted):
        verify_extension(witness, leaves, head_of(anew))


@given(st.integers(1, 20), st.data())
def test_leaves_lead_from_any_place_to_the_head(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    start = data.draw(st.integers(0, length))
    held = EMPTY_CHAIN if start == 0 else Witness(start, rows[start - 1].digest)
    leaves = [leaf_of(row.event_bytes) for row in rows[start:]]
    assert verify_extension(held, leaves, head_of(rows)) == head_of(rows)
    assert extended(held, leaves) == head_of(rows)
    if leaves:
        with pytest.raises(Untrusted):
            verify_extension(held, leaves[:-1], head_of(rows))
