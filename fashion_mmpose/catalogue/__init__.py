"""Many pictures: shared out, predicted part by part, and put together again."""
