"""Loopback is a candidate where there is nothing else, and only there."""

import pytest

from media.rtc import host_candidates


def stock(monkeypatch: pytest.MonkeyPatch, found: list[str]) -> None:
    monkeypatch.setattr(host_candidates, "_stock", lambda use_ipv4, use_ipv6: found)


def test_a_machine_without_a_network_meets_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    stock(monkeypatch, [])
    assert host_candidates.host_addresses(True, True) == ["127.0.0.1"]
    assert host_candidates.host_addresses(False, True) == ["::1"]


def test_nothing_that_stock_found_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    stock(monkeypatch, ["10.1.2.3", "fd00::2"])
    assert host_candidates.host_addresses(True, True) == ["10.1.2.3", "fd00::2"]
