"""The room of models: the only one that imports torch and transformers."""
