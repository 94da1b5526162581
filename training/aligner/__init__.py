"""The letters aligner: when the bundled voice speaks each word."""
