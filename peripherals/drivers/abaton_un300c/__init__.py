"""Abaton UN300C: codec only, for support; how a running measurement is stopped is not known."""
