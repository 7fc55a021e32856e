"""What the commands share, and no lesson is about."""

import os

# GNU's OpenMP lets a waiting thread spin 300,000 times before it sleeps; beside a busy program that
# makes training tens of times slower. 10,000 is enough. It reads this when torch is loaded, which
# any module of this package may be the first to do.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

__version__ = "0.1.0"  # runs and exports name it
