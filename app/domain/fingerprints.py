"""Which certificates a session description names (RFC 8122): the server notes them of the seat that
sent it, and vouches for them to the other; a description or certificate that differs is refused.
"""

MOST_FINGERPRINTS = 16
MOST_CHARACTERS = 200
MARK = "a=fingerprint:"


def fingerprints_in(description: object) -> tuple[str, ...]:
    """Each once, in order, as `sha-256 AB:CD...`; nothing when this is no description.

    Lines end where Python's `splitlines` ends them: so whoever connects reads them, too.
    """
    if not isinstance(description, str):
        return ()
    found = set()
    for line in description.splitlines():
        if line.startswith(MARK):
            algorithm, _, value = line.removeprefix(MARK).strip().partition(" ")
            found.add(f"{algorithm.lower()} {value.strip().upper()}")
    return tuple(sorted(found))


def can_be_vouched_for(fingerprints: tuple[str, ...]) -> bool:
    """Not more of them, and no longer, than any peer has."""
    return len(fingerprints) <= MOST_FINGERPRINTS and all(
        len(each) <= MOST_CHARACTERS for each in fingerprints
    )
