"""What a test says when this machine cannot show what it is there to show.

A run that is green without having proven anything would be believed, so it fails; whoever knows and
accepts that sets BEDSIDE_ALLOW_UNPROVEN=1 and is told of each test that was left out.
"""

import os
from typing import NoReturn

import pytest

ALLOWED = "BEDSIDE_ALLOW_UNPROVEN"


def unproven(reason: object) -> NoReturn:
    if os.environ.get(ALLOWED) == "1":
        pytest.skip(f"SKIPPED, nothing is proven here: {reason}")
    pytest.fail(f"nothing is proven here: {reason} ({ALLOWED}=1 skips it aloud)", pytrace=False)
