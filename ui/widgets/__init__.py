"""Reusable parts of the screen; they know no feature."""
