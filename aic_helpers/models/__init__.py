"""Model sources to frozen models, and what a graph says of itself."""
