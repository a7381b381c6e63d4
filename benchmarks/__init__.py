"""One file per promise. `python -m benchmarks` runs them; `--smoke` only shows that they run."""
