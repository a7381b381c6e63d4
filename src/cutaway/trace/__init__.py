"""What was recorded: the trace, what to keep of a run, its file, and how it asks for more."""
