"""Finding instruments: which ports there are, what is behind them, and who looks after each."""
