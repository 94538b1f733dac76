"""The peer connection, and what aiortc lacks. No other folder touches aiortc's inside."""
