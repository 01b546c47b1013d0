"""Quality, image by image: the metrics, and outputs of frozen models."""
