"""Nonin's data format 2: OEM III and Xpod as they come, the 9560 when it is told to."""
