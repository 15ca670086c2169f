"""Files of predictions against files of truth."""
