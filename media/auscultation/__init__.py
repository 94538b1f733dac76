"""Body sounds: bit for bit from the instrument to both records."""
