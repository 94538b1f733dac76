"""Welch Allyn SureTemp Plus OEM thermometer module."""
