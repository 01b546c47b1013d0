"""Sizes and limits that the workbench takes where nobody says otherwise: those of PIRM 2018. No logic."""

HD_WIDTH_PX, HD_HEIGHT_PX = 1280, 720
"""Size at which time and memory are measured."""

MAX_DIFFERENCE = 1e-4
"""Between frozen model and source, between two runs, and between a batch and its images one by one: a fortieth of
an 8-bit step. Exact equality would ask more than a sum over several threads can give."""

MAX_RAM_MIB = 3584.0
"""3.5 GB as the organisers set it on their device (3.5 x 1024 MiB)."""

MAX_FILE_BYTES = 100_000_000
"""100 MB."""
