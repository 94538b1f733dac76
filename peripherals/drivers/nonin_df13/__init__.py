"""Nonin's data format 13: one reading, when the finger was measured."""
