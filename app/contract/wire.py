"""What all requests and bodies share: unknown fields pass (a later release may add some), sizes are
bound."""

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from app.domain.clock import plausible_instant

# A header of each request, and of its answer: nothing on the way has given one for another.
REQUEST_ID = "bedside-request-id"

Instant = Annotated[AwareDatetime, AfterValidator(plausible_instant)]
Count = Annotated[int, Field(ge=0, le=2**53)]  # what every JSON reader, and SQLite, keeps exact
ShortText = Annotated[str, Field(max_length=200)]
Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Base64Text = Annotated[str, Field(max_length=4096)]


class Body(BaseModel):
    """A body of the wire. Frozen; a released one never changes its meaning."""

    model_config = ConfigDict(extra="ignore", frozen=True)
