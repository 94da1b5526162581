"""Where `say` puts its audio and its captions: files, stdout, a loudspeaker, a progress bar."""

from sidecar.outputs.audio import AudioFile
from sidecar.outputs.file import OutputFile
from sidecar.outputs.loudspeaker import Loudspeaker, devices
from sidecar.outputs.progress import Progress

__all__ = ["AudioFile", "Loudspeaker", "OutputFile", "Progress", "devices"]
