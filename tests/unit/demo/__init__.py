"""Of the demonstration's own instruments: what they measure with must itself be right."""
