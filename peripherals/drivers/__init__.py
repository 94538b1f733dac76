"""Drivers: for each device a pure codec and a pure conversation."""
