"""A stethoscope on a serial line, in a framing of our own: none was published."""
