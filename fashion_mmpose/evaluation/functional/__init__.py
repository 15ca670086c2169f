"""Scores as functions of arrays and files."""
