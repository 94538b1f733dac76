"""The addresses of the one server, in the order of the settings, and which of them answers.

Whoever finds that one does not answer moves all on to the next; nobody moves back while that one
does. It is one server at each: the desk knows its key from the first sign-in (DECISIONS.md, 16).
"""

import logging
import ssl
from urllib.parse import urlsplit

from app.remote.address import ServerAddress

log = logging.getLogger(__name__)


class ServerPlaces:
    """At least one. Shared by requests and socket, so that they go to the same."""

    def __init__(self, *places: ServerAddress) -> None:
        self._places = tuple(dict.fromkeys(places))
        self._at = 0

    @property
    def current(self) -> ServerAddress:
        return self._places[self._at]

    @property
    def count(self) -> int:
        return len(self._places)

    @property
    def tls(self) -> ssl.SSLContext | None:
        """What all of them by TLS are checked with: they are given one authority."""
        return next((place.tls for place in self._places if place.tls is not None), None)

    @property
    def answering(self) -> str:
        """Host and port for the screen; empty where there is only one that it can be."""
        return urlsplit(self.current.url).netloc if self.count > 1 else ""

    def gone(self, place: ServerAddress) -> bool:
        """`place` did not answer; whether there is another to ask."""
        if self.count > 1 and place == self.current:
            self._at = (self._at + 1) % self.count
            log.info("address %d of the server is asked from now on", self._at + 1)
        return self.count > 1
