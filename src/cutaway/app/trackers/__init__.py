"""Answers and traces in an experiment tracker: MLflow, Comet, Weights & Biases, TensorBoard."""
