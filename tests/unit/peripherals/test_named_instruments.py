"""What the command line names: every instrument counts, or the program says why not."""

import pytest

from app.domain.device import DeviceKind
from app.domain.failures import Code, Rejected
from peripherals.catalogue import DRIVERS
from peripherals.instruments import named_instruments


def test_each_kind_may_be_named_once() -> None:
    named = named_instruments([("suntech", "/dev/ttyA"), ("nonin_df2", "/dev/ttyB")], DRIVERS)
    assert [(one.kind, one.path) for one in named] == [
        (DeviceKind.BLOOD_PRESSURE_CUFF, "/dev/ttyA"),
        (DeviceKind.OXIMETER, "/dev/ttyB"),
    ]


def test_of_two_cuffs_none_is_left_out_in_silence() -> None:
    with pytest.raises(Rejected) as refused:
        named_instruments([("suntech", "/dev/ttyA"), ("tm2655", "/dev/ttyB")], DRIVERS)
    assert refused.value.code is Code.DEVICE_NAMED_TWICE


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(Rejected) as refused:
        named_instruments([("abacus", "/dev/ttyA")], DRIVERS)
    assert refused.value.code is Code.DRIVER_UNKNOWN
