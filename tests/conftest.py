"""What holds for all tests."""

import gc


def pytest_collection_finish() -> None:
    """Modules and collected tests stay to the end: no collection need go through them again."""
    gc.collect()
    gc.freeze()
