"""Files of the benchmarks and of detectors, in and out: pure functions."""
