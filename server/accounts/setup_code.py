"""The one-time code by which the first account of an empty server is made.

It is shown once, on the standard output of whoever starts the server; only its hash is kept.
"""

import hashlib
import hmac
import secrets

from sqlalchemy import Connection

from server.facts import fact, forget_fact, has_accounts, keep_fact

# Crockford's base 32: no letter that looks like a digit. 12 of them are 60 bits.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, GROUP_LENGTH = 3, 4
CODE_FACT = "set-up-code-sha256"


def new_setup_code(connection: Connection) -> str | None:
    """A fresh code that voids any earlier one; None when there is an account already."""
    if has_accounts(connection):
        forget_fact(connection, CODE_FACT)
        return None
    code = "-".join(
        "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)
    )
    keep_fact(connection, CODE_FACT, _hash(code))
    return code


def use_setup_code(connection: Connection, code: str) -> bool:
    """True once: the code is right, there is no account yet, and it is used up now."""
    kept = fact(connection, CODE_FACT)
    if kept is None or has_accounts(connection) or not hmac.compare_digest(kept, _hash(code)):
        return False
    forget_fact(connection, CODE_FACT)
    return True


def _hash(code: str) -> str:
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(b"bedside set-up code\n" + plain.encode()).hexdigest()
