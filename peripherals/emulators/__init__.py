"""Simulated devices that speak their bytes on a pty; shipped, for tests and demonstrations."""
