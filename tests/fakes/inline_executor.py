"""A worker that works at once, in the thread of who asks: for code under a virtual clock."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

ResultT = TypeVar("ResultT")
Given = ParamSpec("Given")


class InlineExecutor(Executor):
    """Counts its work."""

    def __init__(self) -> None:
        self.done = 0

    def submit(
        self, fn: Callable[Given, ResultT], /, *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[ResultT]:
        self.done += 1
        future: Future[ResultT] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except (RuntimeError, ValueError) as error:
            future.set_exception(error)
        return future
