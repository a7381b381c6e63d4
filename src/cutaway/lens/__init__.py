"""Lenses: pure functions from a trace to a dataset, one question per file."""
