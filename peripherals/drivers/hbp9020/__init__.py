"""Omron HBP-9020, output mode 5 F3."""
