"""What a clinician does, one file per act; each service holds one frozen State and tells it."""
