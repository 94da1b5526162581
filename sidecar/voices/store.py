"""The folder of saved voices. To export or import one is to copy its file."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from sidecar.errors import BadVoiceFile, SidecarError, UnknownVoice, VoiceExists, VoiceNotSaved
from sidecar.limits import MAX_REFERENCE_SECONDS, reference_frames
from sidecar.models.base import VoiceFeatures
from sidecar.voices import format, names
from sidecar.voices.format import Metadata, SavedVoice

log = logging.getLogger(__name__)

# What is looked at of a folder; more is somebody's accident.
_MOST_FILES = 10_000
# What is told of it at once; an answer has to fit a message.
_MOST_LISTED, _MOST_SKIPPED = 1000, 100
# Files that are being written; one as old as that was left behind by a process that was killed.
_PREFIX, _WRITING = ".voice-", ".new"
_STALE_SECONDS = 600.0


class Skipped(msgspec.Struct, frozen=True):
    """A file in the folder that is no voice, and why."""

    file: str
    reason: str


class Listing(msgspec.Struct, frozen=True):
    """What a folder holds.

    Attributes:
        omitted: files that look like voices and are too many to be looked at.
    """

    voices: list[SavedVoice]
    skipped: list[Skipped]
    omitted: int = 0


class VoiceStore:
    """Saved voices, one file each. Any thread that may wait for a disk; any number of processes.

    Args:
        folder: where; None is the user's data folder. It is made when a voice is first saved.
        most_seconds: of a voice's recording; a longer one is not taken.
    """

    def __init__(
        self, folder: str | None = None, most_seconds: float = MAX_REFERENCE_SECONDS
    ) -> None:
        self._folder = None if folder is None else Path(folder).expanduser()
        self._most_frames = reference_frames(most_seconds)

    @property
    def folder(self) -> Path:
        if self._folder is None:
            import platformdirs  # the handshake does without

            data = platformdirs.user_data_path("qwen-tts-sidecar", appauthor=False)
            self._folder = data / "voices"
        return self._folder

    def voices(self) -> Listing:
        """Every voice by name, and every file that looks like one and is none."""
        voices: dict[str, SavedVoice] = {}
        skipped: list[Skipped] = []
        taken: set[str] = set()
        paths = sorted(self._files(), key=_ours_first)
        for at, path in enumerate(paths):
            if len(voices) == _MOST_LISTED or len(skipped) == _MOST_SKIPPED:
                log.warning("%d files in %s were not looked at", len(paths) - at, self.folder)
                break
            try:
                if names.key(path.stem) in taken:
                    raise format.bad_file(path, "another file has the same name but for its case")
                taken.add(names.key(path.stem))
                voices[names.key(path.stem)] = self._read(path)
            except FileNotFoundError:  # deleted just now
                continue
            except BadVoiceFile as error:
                log.warning("skipped a voice: %s", error.message)
                skipped.append(Skipped(names.printable(path.name), error.message))
        else:
            at = len(paths)
        return Listing([voices[key] for key in sorted(voices)], skipped, len(paths) - at)

    def names(self) -> list[str]:
        """By the files' names alone, unread."""
        found = {path.stem for path in self._files() if names.is_valid(path.stem)}
        return sorted(found, key=names.key)

    def locate(self, name: str) -> Path | None:
        """The file of a voice, unread; None for a name that there is not or cannot be."""
        if not names.is_valid(name):
            return None
        path = self.folder / (names.key(name) + names.SUFFIX)
        if os.path.lexists(path):
            return path
        # A file that was copied here may be called otherwise.
        same = [path for path in self._files() if names.key(path.stem) == names.key(name)]
        return min(same, key=_ours_first, default=None)

    def find(self, name: str) -> SavedVoice:
        """A voice's header.

        Raises:
            UnknownVoice, BadVoiceFile
        """
        path = self.locate(name)
        if path is None:
            raise self._unknown(name)
        try:
            return self._read(path)
        except FileNotFoundError:  # deleted in between
            raise self._unknown(name) from None

    def check_free(self, name: str) -> None:
        """Raises InvalidVoiceName or VoiceExists."""
        names.check(name)
        if self.locate(name) is not None:
            raise _exists(name)

    def save(
        self,
        metadata: Metadata,
        features: VoiceFeatures,
        *,
        replace: bool = False,
        commit: Callable[[], None] = lambda: None,
    ) -> SavedVoice:
        """Writes a voice, whole or not at all.

        Args:
            metadata: with an empty name a free one is taken, `voice-1` and so on.
            replace: one of that name may be there.
            commit: called when all is written and only the name has to be given; what it raises
                leaves the folder as it was.

        Raises:
            InvalidVoiceName, VoiceExists, VoiceNotSaved
        """
        self._sweep()
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

    def delete(self, name: str) -> None:
        """Removes a voice's file, whatever is in it.

        Raises:
            UnknownVoice, VoiceNotSaved
        """
        path = self.locate(name)
        if path is None:
            raise self._unknown(name)
        try:
            path.unlink()
        except FileNotFoundError:  # another process was faster
            raise self._unknown(name) from None
        except OSError as error:
            raise _not_saved(path, error) from error

    def _write(
        self,
        metadata: Metadata,
        features: VoiceFeatures,
        replace: bool,
        commit: Callable[[], None],
    ) -> SavedVoice:
        import tempfile

        target = self.folder / (names.key(metadata.name) + names.SUFFIX)
        if replace and (present := self.locate(metadata.name)) is not None:
            target = present
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd, temporary = tempfile.mkstemp(_WRITING, _PREFIX, self.folder)
            try:
                with os.fdopen(fd, "wb") as file:
                    file.write(format.write(metadata, features))
                    file.flush()
                    os.fsync(fd)
                # Once it has its name it is anybody's, to be deleted or replaced.
                voice = format.read(Path(temporary), metadata.name, self._most_frames)
                commit()
                _put(temporary, target, replace)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary)
        except FileExistsError:
            raise _exists(metadata.name) from None
        except OSError as error:
            raise _not_saved(target, error) from error
        return msgspec.structs.replace(voice, path=target)

    def _sweep(self) -> None:
        """Removes what writers that were killed have left behind."""
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith(_PREFIX) and entry.name.endswith(_WRITING):
                    about = entry.stat(follow_symlinks=False)
                    old = time.time() - about.st_mtime > _STALE_SECONDS
                    if old and stat.S_ISREG(about.st_mode):
                        os.unlink(entry.path)

    def _read(self, path: Path) -> SavedVoice:
        """A file is called as its voice is, so that it can be renamed."""
        if not names.is_valid(path.stem):
            raise format.bad_file(path, "a voice cannot have this name")
        voice = format.read(path, path.stem, self._most_frames)
        inside = voice.metadata.name
        same = names.is_valid(inside) and names.key(inside) == names.key(path.stem)
        return msgspec.structs.replace(voice, name=inside) if same else voice

    def _files(self) -> Iterator[Path]:
        """What may be voices; hidden files and others' are passed over without a word."""
        try:
            with os.scandir(self.folder) as entries:
                for count, entry in enumerate(entries):
                    if count >= _MOST_FILES:
                        log.warning("%s has more than %d files", self.folder, _MOST_FILES)
                        return
                    if entry.name.endswith(names.SUFFIX) and not entry.name.startswith("."):
                        yield Path(entry.path)
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("the folder of voices cannot be read: %s", error)

    def _unknown(self, name: str) -> SidecarError:
        known = ", ".join(self.names()) or "none"
        return UnknownVoice(f"There is no saved voice {name!r}. Saved: {known}.", field="voice")


def _put(temporary: str, target: Path, replace: bool) -> None:
    """Gives a finished file its name; raises FileExistsError."""
    if replace:
        os.replace(temporary, target)
        return
    try:
        os.link(temporary, target)  # which two processes cannot both do
    except FileExistsError:
        raise
    except OSError:  # a file system without links; there an empty file takes the name first
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            os.replace(temporary, target)
        except OSError:
            os.unlink(target)
            raise


def _exists(name: str) -> VoiceExists:
    return VoiceExists(
        f"There is a voice {name!r} already.",
        hint="Delete it first, choose another name, or set `replace`.",
        field="voice",
    )


def _not_saved(path: Path, error: OSError) -> VoiceNotSaved:
    folder = names.printable(str(path.parent))
    return VoiceNotSaved(
        f"The folder of voices, {folder}, cannot be changed: {error.strerror or error}.",
        hint="Check its permissions and the free space, or start with --voices-dir FOLDER.",
    )


def _ours_first(path: Path) -> tuple[bool, Path]:
    """Of files whose names differ in case only, the one that `locate` finds."""
    return path.stem != names.key(path.stem), path
