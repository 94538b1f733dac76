"""Contec CMS50D+, E, F and FW with protocol 7."""
