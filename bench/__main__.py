"""`python -m bench`: every benchmark there is, one after the other."""

import sys

from bench import visit

if __name__ == "__main__":
    sys.exit(visit.main([]))
