"""Starts the programs, plays both users through the accessibility bus, checks from outside."""
