"""A lease ends when it says, whatever the device's clock is made to show."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.failures import Code
from app.domain.ids import DeviceId, new_id
from app.domain.standing import KeptStanding, Lease, Revocation, why_not

DEVICE = DeviceId(new_id())
NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def lease(hours: int = 12, wrong_by: timedelta = timedelta()) -> KeptStanding:
    """As it was received by a device whose clock is wrong."""
    return KeptStanding(Lease(DEVICE, NOON, NOON + hours * HOUR), NOON + wrong_by)


@pytest.mark.parametrize("wrong_by", [timedelta(), -20 * HOUR, timedelta(days=900)])
def test_it_covers_its_own_length_by_a_clock_that_is_equally_wrong(wrong_by: timedelta) -> None:
    kept, begun = lease(wrong_by=wrong_by), NOON + wrong_by
    assert why_not(kept, begun, begun) is None
    assert why_not(kept, begun + 11.99 * HOUR, begun) is None
    assert why_not(kept, begun + 12 * HOUR, begun) is Code.LEASE_ENDED


def test_a_clock_that_is_set_back_does_not_make_it_longer() -> None:
    kept = lease()
    assert why_not(kept, NOON - 2 * HOUR, NOON) is Code.LEASE_ENDED
    assert why_not(kept, NOON + HOUR, NOON + 12 * HOUR) is Code.LEASE_ENDED
    assert why_not(kept, NOON - timedelta(minutes=5), NOON) is None  # set right, not back


def test_what_is_revoked_is_so_at_any_time() -> None:
    for wipes in (False, True):
        kept = KeptStanding(Revocation(DEVICE, NOON, wipes), NOON)
        for now in (NOON - HOUR, NOON, NOON + 1000 * HOUR):
            assert why_not(kept, now, None) is Code.DEVICE_REVOKED


def test_a_server_that_knows_no_leases_keeps_nobody_out() -> None:
    assert why_not(None, NOON, None) is None
