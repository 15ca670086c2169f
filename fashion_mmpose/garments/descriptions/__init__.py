"""What users describe: benchmarks and measurements, read from files and checked."""
