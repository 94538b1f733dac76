"""Heads and cameras that speak VISCA."""
