"""What is found as files: predictions, drawings and lengths, and their names."""
