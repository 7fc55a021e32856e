"""What the benchmarks share: the repository, and tests/, on sys.path."""

import sys
from pathlib import Path

repository = str(Path(__file__).parents[2])
sys.path[:0] = [repository, str(Path(repository, "tests"))]
