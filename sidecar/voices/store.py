"""The folder of saved voices. A voice is exported or imported by copying its file."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from sidecar.errors import BadVoiceFile, SidecarError, UnknownVoice, VoiceExists, VoiceSaveFailed
from sidecar.files import describe_os_error
from sidecar.home import below_home
from sidecar.models.base import VoicePrompt
from sidecar.voices import atomic, format, names
from sidecar.voices.format import Metadata, SavedVoice
from sidecar.voices.reader import ReferenceReader
from sidecar.wording import closest

log = logging.getLogger(__name__)

# So many files of a folder are looked at; a folder with more is an accident.
_MOST_FILES = 10_000
# So many are listed at once, since an answer has to fit into a message.
_MOST_LISTED, _MOST_SKIPPED = 1000, 100


class Skipped(msgspec.Struct, frozen=True):
    """A file that cannot be used as a voice, and why; or the folder, if it cannot be read."""

    file: str
    reason: str


class Listing(msgspec.Struct, frozen=True):
    """The contents of a folder.

    Attributes:
        omitted: how many files were not looked at, since there are too many.
    """

    voices: list[SavedVoice]
    skipped: list[Skipped]
    omitted: int = 0


class VoiceStore:
    """Saved voices, one file each.

    Any number of processes may share the folder. Methods wait for the disk.

    Args:
        folder: None is the user's data folder. It is made when a voice is first saved.
        reader: has the limit on a voice's recording; a longer one is not accepted.
    """

    def __init__(self, folder: str | None = None, reader: ReferenceReader | None = None) -> None:
        self._folder = None if folder is None else Path(folder).expanduser()
        self.reader = reader or ReferenceReader()

    @property
    def folder(self) -> Path:
        if self._folder is None:
            import platformdirs  # the handshake does without

            name = "qwen-tts-sidecar"
            data = below_home(lambda: platformdirs.user_data_path(name, False), "--voices-dir")
            self._folder = data / "voices"
        return self._folder

    def voices(self) -> Listing:
        """Return all voices by name, and the files that cannot be used, with the reasons.

        A folder that cannot be read is among the skipped files.
        """
        voices: dict[str, SavedVoice] = {}
        taken: set[str] = set()
        paths, broken = self._scan()
        paths.sort(key=_ours_first)
        skipped = [] if broken is None else [_unreadable(self.folder, broken)]
        for at, path in enumerate(paths):
            if len(voices) == _MOST_LISTED or len(skipped) == _MOST_SKIPPED:
                log.warning("%d files in %s were not looked at", len(paths) - at, self.folder)
                break
            try:
                if names.key(path.stem) in taken:
                    raise format.bad_file(path, "another file has the same name but for its case")
                taken.add(names.key(path.stem))
                voices[names.key(path.stem)] = self._read(path)
            except FileNotFoundError:  # it was deleted just now
                continue
            except BadVoiceFile as error:
                log.warning("skipped a voice: %s", error.message)
                skipped.append(Skipped(names.printable(path.name), error.message))
        else:
            at = len(paths)
        return Listing([voices[key] for key in sorted(voices)], skipped, len(paths) - at)

    def names(self) -> list[str]:
        """Return the names of the files, without reading them."""
        found = {path.stem for path in self._files() if names.is_valid(path.stem)}
        return sorted(found, key=names.key)

    def locate(self, name: str) -> Path | None:
        """Return the file of a voice, without reading it; None if there is none of that name."""
        if not names.is_valid(name):
            return None
        path = self.folder / (names.key(name) + names.SUFFIX)
        if os.path.lexists(path):
            return path
        # A file that was copied into the folder may have a name in another case.
        same = [path for path in self._files() if names.key(path.stem) == names.key(name)]
        return min(same, key=_ours_first, default=None)

    def find(self, name: str) -> SavedVoice:
        """Return a voice, of which only the header is read.

        Raises:
            UnknownVoice, BadVoiceFile
        """
        path = self.locate(name)
        if path is None:
            raise self._unknown(name)
        try:
            return self._read(path)
        except FileNotFoundError:  # it was deleted in between
            raise self._unknown(name) from None

    def check_free(self, name: str) -> None:
        """Raise InvalidVoiceName or VoiceExists."""
        names.check(name)
        if self.locate(name) is not None:
            raise _exists(name)

    def check_writable(self) -> None:
        """Create the folder. Raise VoiceSaveFailed if no voice can be saved in it."""
        import tempfile

        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.folder).close()
        except OSError as error:
            raise _not_saved(self.folder / names.SUFFIX, error) from error

    def save(
        self,
        metadata: Metadata,
        features: VoicePrompt,
        *,
        replace: bool = False,
        commit: Callable[[], None] = lambda: None,
    ) -> SavedVoice:
        """Write a voice, whole or not at all.

        Args:
            metadata: an empty name is replaced by a free one: `voice-1` and so on.
            replace: replace an existing voice of this name.
            commit: called when everything is written, before the file gets its name. If it raises,
                the folder stays as it was.

        Raises:
            InvalidVoiceName, VoiceExists, VoiceSaveFailed
        """
        atomic.sweep(self.folder)
        if metadata.name:
            if not replace:
                self.check_free(metadata.name)
            names.check(metadata.name)
            return self._write(metadata, features, replace, commit)
        number = 0
        while True:
            number += 1
            try:
                name = f"voice-{number}"
                self.check_free(name)
                named = msgspec.structs.replace(metadata, name=name)
                return self._write(named, features, False, commit)
            except VoiceExists:
                continue

    def sweep(self) -> None:
        """Remove what processes that were killed while they saved a voice have left."""
        with contextlib.suppress(SidecarError):  # there is no folder, or no home to have one
            atomic.sweep(self.folder)

    def delete(self, name: str) -> None:
        """Delete a voice's file, whatever is in it.

        Raises:
            UnknownVoice, VoiceSaveFailed
        """
        path = self.locate(name)
        if path is None:
            raise self._unknown(name)
        try:
            path.unlink()
        except FileNotFoundError:  # another process has deleted it
            raise self._unknown(name) from None
        except OSError as error:
            raise _not_saved(path, error) from error

    def _write(
        self,
        metadata: Metadata,
        features: VoicePrompt,
        replace: bool,
        commit: Callable[[], None],
    ) -> SavedVoice:
        import tempfile

        target = self.folder / (names.key(metadata.name) + names.SUFFIX)
        if replace and (present := self.locate(metadata.name)) is not None:
            target = present
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd, temporary = tempfile.mkstemp(atomic.SUFFIX, atomic.PREFIX, self.folder)
            try:
                with os.fdopen(fd, "wb") as file:
                    file.write(format.write(metadata, features))
                    file.flush()
                    os.fsync(fd)
                # Read now: once the file has its name, other processes may delete or replace it.
                voice = format.read(Path(temporary), metadata.name, self.reader.max_frames)
                commit()
                atomic.put(temporary, target, replace)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary)
        except FileExistsError:
            raise _exists(metadata.name) from None
        except OSError as error:
            raise _not_saved(target, error) from error
        return msgspec.structs.replace(voice, path=target)

    def _read(self, path: Path) -> SavedVoice:
        """Read a header. The file's name is the voice's name, so that a file can be renamed."""
        if not names.is_valid(path.stem):
            raise format.bad_file(path, "a voice cannot have this name")
        voice = format.read(path, path.stem, self.reader.max_frames)
        inside = voice.metadata.name
        same = names.is_valid(inside) and names.key(inside) == names.key(path.stem)
        return msgspec.structs.replace(voice, name=inside) if same else voice

    def _files(self) -> list[Path]:
        """Return the files that may be voices; only the log has the error of the folder."""
        files, error = self._scan()
        if error is not None:
            log.warning("%s", _unreadable(self.folder, error).reason)
        return files

    def _scan(self) -> tuple[list[Path], OSError | None]:
        """Return the files that may be voices, and the error if the folder cannot be read.

        Hidden files and files with another suffix are ignored; so is a folder that is not there.
        """
        found: list[Path] = []
        try:
            with os.scandir(self.folder) as entries:
                for count, entry in enumerate(entries):
                    if count >= _MOST_FILES:
                        log.warning("%s has more than %d files", self.folder, _MOST_FILES)
                        break
                    if entry.name.endswith(names.SUFFIX) and not entry.name.startswith("."):
                        found.append(Path(entry.path))
        except FileNotFoundError:
            pass
        except OSError as error:
            return found, error
        return found, None

    def _unknown(self, name: str) -> SidecarError:
        known = self.names()
        near = closest(name, known)
        meant = f" Did you mean {near!r}?" if near else ""
        saved = ", ".join(known) or "none"
        return UnknownVoice(
            f"There is no saved voice {name!r}.{meant} Saved: {saved}.", field="voice"
        )


def _exists(name: str) -> VoiceExists:
    return VoiceExists(
        f"There is already a voice {name!r}.",
        hint="Delete it first, choose another name, or set `replace`.",
        field="voice",
    )


def _not_saved(path: Path, error: OSError) -> VoiceSaveFailed:
    folder = names.printable(str(path.parent))
    return VoiceSaveFailed(
        f"The folder of voices, {folder}, cannot be changed: {describe_os_error(error, path)}.",
        hint="Check its permissions and the free space, or start with --voices-dir FOLDER.",
    )


def _unreadable(folder: Path, error: OSError) -> Skipped:
    name = names.printable(str(folder))
    reason = f"The folder of voices, {name}, cannot be read: {describe_os_error(error, folder)}."
    return Skipped(name, reason)


def _ours_first(path: Path) -> tuple[bool, Path]:
    """Order files whose names differ only in case: the one that `locate` finds comes first."""
    return path.stem != names.key(path.stem), path
