"""Small checkpoints that are wrong, or unusual, on purpose: changed copies of the golden ones."""
