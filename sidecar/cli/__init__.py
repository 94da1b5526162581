"""The command line: the grammar in `arguments`, a module for each command, and what they share."""
