"""The dashboard that shows images side by side with their figures."""
