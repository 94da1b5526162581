"""From a text, whole or still being written, to one stream of audio: passage by passage.

The engine speaks utterances. What makes a narration of them is here, on a thread per request: cut
the text, submit a passage, hear its chunks, join them with pauses, encode.
"""
