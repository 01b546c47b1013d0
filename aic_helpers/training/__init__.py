"""From photos to a checkpoint."""
