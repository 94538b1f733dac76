"""Contec CMS50 of the first protocol: it streams unasked."""
