"""Images, datasets, and how they are fetched."""
