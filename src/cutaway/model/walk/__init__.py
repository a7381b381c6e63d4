"""One token's way through one block, step by step, each recomputed from the steps before it."""
