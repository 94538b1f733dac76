"""How tries are counted: forgiven slowly, bounded in memory, an IPv6 network as one."""

import pytest

from server.accounts.throttle import ANYBODY, ONE_NAME, Limit, Throttle, network_of
from server.problems import TooManyTries


@pytest.mark.parametrize("limit", [ONE_NAME, ANYBODY])
def test_a_full_bucket_says_when_and_then_takes_one(limit: Limit) -> None:
    throttle = Throttle(limit)
    for _ in range(limit.tries):
        throttle.count("key", 0.0)
    with pytest.raises(TooManyTries) as caught:
        throttle.count("key", 0.0)
    throttle.count("another", 0.0)
    throttle.count("key", float(caught.value.retry_after_s))
    with pytest.raises(TooManyTries):
        throttle.count("key", float(caught.value.retry_after_s))


def test_a_good_try_is_given_back_and_no_other() -> None:
    throttle = Throttle(Limit(2, 60.0))
    throttle.count("key", 0.0)
    throttle.count("key", 0.0)
    throttle.give_back("key")
    throttle.count("key", 0.0)
    with pytest.raises(TooManyTries):
        throttle.count("key", 0.0)
    throttle.give_back("never seen")


def test_however_many_there_are_it_remembers_a_bounded_number() -> None:
    throttle = Throttle(Limit(2, 60.0), remembered_max=50)
    for number in range(2000):
        throttle.count(f"key {number}", number / 1000)
    assert len(throttle) <= 50


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_whoever_has_a_network_of_addresses_is_one(address: str, network: str) -> None:
    assert network_of(address) == network
