"""Microlife monitors that speak the M-protocol, over USB (HID) or Bluetooth."""
