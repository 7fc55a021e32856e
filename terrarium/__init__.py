"""What the commands share, and no lesson is about."""
import os

# A core that waits for another one looks 10,000 times, then sleeps; with the usual 300,000, a busy
# program beside this one slows it down tens of times. GNU's OpenMP reads it when torch is loaded,
# which any module of this package may be the first to do.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
