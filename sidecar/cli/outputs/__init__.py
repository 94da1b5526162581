"""Where `say` puts its audio and its captions: files, stdout, a loudspeaker, a progress bar."""

from sidecar.cli.outputs.audio import AudioFile
from sidecar.cli.outputs.file import OutputFile
from sidecar.cli.outputs.loudspeaker import Loudspeaker, devices
from sidecar.cli.outputs.progress import Progress

__all__ = ["AudioFile", "Loudspeaker", "OutputFile", "Progress", "devices"]
