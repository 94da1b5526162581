"""A user's text → sentences, and what of them is spoken. Rules: docs/text.md.

A pure layer: it knows neither the wire nor the models. The libraries behind it are imported when
they are first needed.
"""
