"""Omron HEM-790IT and HEM-7080IT over USB (HID): codec only, for support.

A driver would have to set HID features before each question, which no byte port can.
"""
