"""Exam devices, measured: `python -m bench.devices`."""
