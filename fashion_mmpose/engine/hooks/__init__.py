"""Hooks of trainings, which configs name."""
