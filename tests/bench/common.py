"""What the benchmarks share: the repository on sys.path."""
import sys
from pathlib import Path

repository = str(Path(__file__).parents[2])
sys.path.insert(0, repository)
