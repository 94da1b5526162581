"""Turns a text, whole or still being written, into one stream of audio.

The engine speaks utterances. On a thread for each request, this package cuts the text into
segments, has the engine speak one after another, joins their audio with pauses, and encodes it.
"""
