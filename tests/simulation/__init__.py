"""The real desks and the real server, under a virtual clock and a line that fails in every way.

One seed is one run, the same each time: `make simulate-sync SEEDS=17-17`.
"""
