"""Beurer BM85 over Bluetooth: the blood-pressure profile with three things done its own way."""
