"""A text in SSML, in any pieces → runs, as `text.markup` makes them of a plain text.

The subset is that of docs/directing.md. Nothing in a text can make the parser read a file or a
host, or take more than a bounded time and memory for each character.
"""
