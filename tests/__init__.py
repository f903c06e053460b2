"""Tests mirror the packages; `real/` runs real processes, `bench/` measures, `sim/` simulates."""
