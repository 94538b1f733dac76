"""How a failure becomes an answer: RFC 9457 bodies with the shared codes and nothing else."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.contract.problem import PROBLEM_TYPE, Problem
from app.domain.failures import Code, Failure, Unavailable

STATUS_OF: dict[Code, int] = {
    Code.WRONG_CREDENTIALS: 401,
    Code.TOKEN_EXPIRED: 401,
    Code.TOKEN_INVALID: 401,
    Code.TOO_MANY_TRIES: 429,
    Code.SETUP_CODE_WRONG: 403,
    Code.NOT_ALLOWED: 403,
    Code.ROLE_DOES_NOT_FIT: 403,
    Code.DEVICE_UNKNOWN: 403,
    Code.DEVICE_REVOKED: 403,
    Code.NOT_FOUND: 404,
    Code.TOO_LARGE: 413,
    Code.TOO_SLOW: 408,
    Code.MALFORMED: 422,
    Code.HASH_MISMATCH: 422,
    Code.OFFSET_WRONG: 409,
    Code.PART_DAMAGED: 460,  # tus's own
    Code.SERVER_FULL: 507,
    Code.FILE_ERASED: 410,
    Code.CONFLICT: 409,
    Code.CURSOR_REFUSED: 409,
    Code.SCOPE_CHANGED: 409,
    Code.OUT_OF_SCOPE: 403,
    Code.SERVER_ERROR: 500,
}
OTHER_REFUSALS = 422


class TooManyTries(Failure):
    """Asked too often; `retry_after_s` says when it may be asked again."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(Code.TOO_MANY_TRIES)
        self.retry_after_s = retry_after_s


class Busy(Unavailable):
    """More is waiting than the server holds; nothing was done, asking again is harmless."""

    def __init__(self) -> None:
        super().__init__(Code.SERVER_ERROR, "busy")


def problem(
    code: Code, status: int | None = None, headers: dict[str, str] | None = None
) -> Response:
    status = STATUS_OF.get(code, OTHER_REFUSALS) if status is None else status
    body = Problem(
        type=f"urn:bedside:problem:{code}", title=str(code), status=status, code=str(code)
    )
    return Response(body.model_dump_json(), status, headers, PROBLEM_TYPE)


def problem_of(failure: Failure) -> Response:
    if isinstance(failure, TooManyTries):
        return problem(failure.code, headers={"Retry-After": str(failure.retry_after_s)})
    if isinstance(failure, Unavailable):
        status = STATUS_OF[failure.code] if failure.code is Code.SERVER_FULL else 503
        return problem(failure.code, status, {"Retry-After": "1"})
    answer = problem(failure.code)
    if answer.status_code == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


async def answer_failure(request: Request, failure: Exception) -> Response:
    """Rejected, Unavailable, Untrusted of our own."""
    assert isinstance(failure, Failure)
    return problem_of(failure)


async def answer_invalid(request: Request, error: Exception) -> Response:
    """A body or parameter that does not fit; what was sent is not repeated."""
    return problem(Code.MALFORMED)


async def answer_http(request: Request, error: Exception) -> Response:
    """What the framework itself refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)
    code = Code.NOT_FOUND if error.status_code in (404, 405) else Code.MALFORMED
    return problem(code, error.status_code, dict(error.headers or {}))


async def answer_defect(request: Request, defect: Exception) -> Response:
    """What nobody foresaw; the framework raises it again and server/border.py writes it down."""
    return problem(Code.SERVER_ERROR)
