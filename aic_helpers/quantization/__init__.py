"""A model in the precisions of phones: export, calibration, what is lost, which layer, and cures."""
