"""Benchmarks of what a FashionAI network is trained with."""
