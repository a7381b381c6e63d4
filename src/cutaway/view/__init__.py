"""Views: pure functions from a dataset to a Spec, one kind of picture per file."""
