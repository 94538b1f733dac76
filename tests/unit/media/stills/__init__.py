"""Stills on their way out."""
