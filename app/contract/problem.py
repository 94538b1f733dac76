"""The body of every refusal (RFC 9457, application/problem+json). `code` is the shared word."""

from pydantic import BaseModel

PROBLEM_TYPE = "application/problem+json"


class Problem(BaseModel):
    """`type` is `urn:bedside:problem:<code>`; `title` is for logs, screens choose words by code."""

    type: str
    title: str
    status: int
    code: str
