"""Measurements of the running product, each from outside and written as rows of one form."""
