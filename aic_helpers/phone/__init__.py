"""Figures of a real device, and of the same programs on this machine."""
