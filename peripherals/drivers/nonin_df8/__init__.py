"""Nonin's data format 8: the numbers once a second."""
