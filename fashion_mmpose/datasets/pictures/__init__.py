"""Pictures that data sets read, keep decoded, or leave out for they cannot be read."""
