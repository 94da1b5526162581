"""A user's text → sentences, and the text of each that is spoken. The rules are in docs/text.md.

This layer is pure: it depends on neither the wire nor the models. Its libraries are imported when
they are first needed.
"""
