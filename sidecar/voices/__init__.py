"""Saved voices: the files, their folder, how one is chosen, and how one is made."""
