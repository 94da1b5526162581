"""How words are said: a lexicon of a request or of a file, and a reader that puts it in force."""
