"""`say`: speaks a text to a file, to the loudspeaker, and into captions."""

from sidecar.cli.say.speech import say

__all__ = ["say"]
