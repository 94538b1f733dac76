"""Runs days, each from its seed alone: the same seed is the same day, to the last byte."""

import asyncio
import json
from typing import Any

from app.domain.failures import Code, Failure
from tests.fakes.inline_store import inline_store
from tests.fakes.virtual_time import run
from tests.story.attribution.days import Day, told

DEFECT = "a defect"


def day_of(seed: int) -> str:
    """What was wrong, with the story of the day; empty: nothing."""

    async def passes() -> str:
        with inline_store() as store:
            day = Day(seed, store)

            def unforeseen(_: object, context: dict[str, Any]) -> None:
                error = context.get("exception")
                if not (isinstance(error, Failure) and error.code is Code.STORE_FULL):
                    day.wrong(f"{DEFECT}: {error or context['message']}")

            asyncio.get_running_loop().set_exception_handler(unforeseen)
            wrong = await day.passes()
            await day.life.ends()
            return told(day, wrong) if wrong else ""

    return run(passes())


def is_missed(said: str) -> bool:
    """Something became untrue, not only something broke."""
    return bool(said) and any(not one.startswith(DEFECT) for one in json.loads(said)["wrong"])
