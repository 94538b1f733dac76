"""Maibobo: codec only, for support; where the numbers of a result stand is not known."""
