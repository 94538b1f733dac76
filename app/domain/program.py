"""Which release of this program it is, as exported files say it (pyproject.toml says the same)."""

VERSION = "0.1.0"
