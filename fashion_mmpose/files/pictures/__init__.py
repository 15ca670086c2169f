"""Pictures in files: what they are, what their headers say, and their pixels."""
