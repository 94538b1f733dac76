"""Whose a measurement is: random days on the real code, their truth kept beside it."""
