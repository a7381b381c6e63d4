"""What users hold: the verbs, views, the command line."""
