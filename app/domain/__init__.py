"""Facts and rules of a visit: frozen values and pure functions, no I/O, nothing installed."""
