"""The vocabulary every room shares: axes, tokens, numbers, errors. Needs numpy only."""
