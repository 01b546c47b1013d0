"""The kinds of worker processes that a fork server may start, by what they need to have imported.

Names alone, so that a command can start the fork server before it imports anything else.
"""

INFERENCE = "inference"
"""Runs frozen graphs, and needs no more of TensorFlow than that."""

CONVERSION = "conversion"
"""Builds networks."""
