"""Files in general: whole outputs, JSON, pictures."""
