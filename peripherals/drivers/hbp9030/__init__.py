"""Omron HBP-9030, USB output format 5."""
