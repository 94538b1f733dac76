"""Contec 08A and ABPM50 class over USB (HID): codec only, for support.

Every capture has a systolic pressure of 128 or more; how a lower one looks is not known, and a
driver that refuses most patients is none.
"""
