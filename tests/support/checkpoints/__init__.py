"""Small checkpoints made wrong, or unusual, on purpose: copies of the golden ones, changed."""
