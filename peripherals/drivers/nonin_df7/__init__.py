"""Nonin's data format 7: as format 2, with a finer pulse wave."""
