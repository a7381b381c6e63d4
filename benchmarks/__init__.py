"""One file per promise. `python -m benchmarks` runs them all; `--smoke` only shows that they run."""
