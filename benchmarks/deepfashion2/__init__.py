"""Benchmarks at the size of DeepFashion2."""
