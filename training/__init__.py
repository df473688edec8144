"""Training of the models that the real-time half runs. The two share only the model file."""
