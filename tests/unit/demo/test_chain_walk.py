"""The walk along the audit that shares no code with the product agrees with the product's rule."""

import secrets

import pytest

from app.domain.audit import EMPTY_CHAIN, extended, leaf_of
from demo.database_view import Act, walk_chain
from demo.waiting import NotSo


def _chain(count: int) -> list[Act]:
    """Made by the product's own functions."""
    acts, reached = [], EMPTY_CHAIN
    for number in range(1, count + 1):
        raw = secrets.token_bytes(40)
        reached = extended(reached, [leaf_of(raw)])
        acts.append(Act(number, raw, reached.digest))
    return acts


def test_a_sound_chain_passes_with_every_witness() -> None:
    acts = _chain(12)
    walk_chain(acts, {str(act.number): f"{act.number}:{act.digest}" for act in acts})
    walk_chain([], {})


@pytest.mark.parametrize("place", [0, 5, 11])
def test_a_changed_row_is_seen(place: int) -> None:
    acts = _chain(12)
    acts[place] = Act(acts[place].number, b"another", acts[place].digest)
    with pytest.raises(NotSo, match="digest"):
        walk_chain(acts, {})


def test_a_missing_row_is_seen() -> None:
    acts = _chain(12)
    with pytest.raises(NotSo, match="missing"):
        walk_chain(acts[:4] + acts[5:], {})


def test_a_lost_end_and_another_chain_are_seen_by_a_witness_alone() -> None:
    acts = _chain(12)
    witness = {"cart": f"12:{acts[-1].digest}"}
    for other in (acts[:-1], _chain(12), _chain(40)):
        walk_chain(other, {})
        with pytest.raises(NotSo, match="cart"):
            walk_chain(other, witness)
