"""The API has not moved unnoticed."""

from pathlib import Path

from tests.contract.api_description import WRITTEN, describe


def test_the_api_is_the_one_that_is_written_down(tmp_path: Path) -> None:
    assert describe(tmp_path) == WRITTEN.read_text(), (
        "if it was meant: python -m tests.contract.api_description, and look at the difference"
    )
