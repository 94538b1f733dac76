"""Camera, microphone, speaker and stethoscope as the call's process sees them."""
