"""Beurer and Andon BM58 over a serial line."""
