"""The voice: codec, playout and stretching, without a network and without waiting."""
