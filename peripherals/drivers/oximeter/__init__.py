"""What all oximeters have in common: a number that must be steady before it is a measurement."""
