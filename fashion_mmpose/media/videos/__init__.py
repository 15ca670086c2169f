"""The frames and the sound of videos, read and written."""
