"""Files of DeepFashion2: raw annotations and the official result list."""
