"""Terumo BP-500."""
