"""Time, memory and the rules of the challenge."""
