"""Visomat Double Comfort, Prevention DS-2200PV: memories of two users."""
