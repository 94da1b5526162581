"""SSML → runs: what is spoken, and what the text asks for. docs/directing.md has the subset."""

from __future__ import annotations

import msgspec

from sidecar.errors import Unsupported
from sidecar.ssml import phonemes, values
from sidecar.ssml.characters import Characters
from sidecar.ssml.events import EventParser, make_error
from sidecar.text.directives import Rate, Speaker
from sidecar.text.faults import Fault, Faults
from sidecar.text.marks import GONE, KEPT, LineKind
from sidecar.text.pauses import read_break
from sidecar.text.run_writer import RunWriter
from sidecar.text.runs import Run, merge_runs

# Elements whose content is said in another way, and those whose content is about the document.
_REPLACED = ("sub", "say-as", "phoneme")
_SILENT = ("desc", "metadata")
_MAX_REPLACED = 2000


class _State(msgspec.Struct, frozen=True):
    """What holds inside an element."""

    rate: float = 1.0
    speaker: Speaker | None = None


class _Replaced(msgspec.Struct):
    """An element whose content is being read, to be said in another way."""

    name: str
    attributes: dict[str, str]
    at: int
    span: int
    parts: list[str] = []


class SsmlReader:
    """Reads one text.

    Args:
        normalize: whether characters that are not spoken, such as emoji, are left out.
        takes_phonemes: whether the model does; otherwise `phoneme` is refused.
        takes_rates: whether the speed can be changed; otherwise `prosody rate` is refused.
        takes_speakers: whether the request has speakers; otherwise `voice` is refused.
        language: of the text, for what `say-as` says in words; a name or tag.

    Attributes:
        faults: what is wrong with the elements, but is no error.
    """

    def __init__(
        self,
        normalize: bool = True,
        *,
        takes_phonemes: bool = False,
        takes_rates: bool = True,
        takes_speakers: bool = False,
        language: str | None = None,
    ) -> None:
        self.faults = Faults()
        self._takes_phonemes = takes_phonemes
        self._takes_rates = takes_rates
        self._takes_speakers = takes_speakers
        self._language = language
        self._out = RunWriter()
        self._out.kind = LineKind.TEXT
        self._characters = Characters(self._out, normalize)
        self._states = [_State()]
        self._replaced: _Replaced | None = None
        self._inside = 0  # how many elements are open inside one that is replaced or silent
        self._is_silent = False
        self._events = EventParser(self)
        self._is_begun = False

    def feed(self, text: str) -> list[Run]:
        """Take the next piece; return the runs that no further text can change.

        Raises:
            InvalidMarkup, Unsupported
        """
        if text:
            self._events.feed(text)
        return list(merge_runs(self._out.take()))

    def finish(self) -> list[Run]:
        """Return the rest, since the text has ended.

        Raises:
            InvalidMarkup: the document is not complete.
        """
        self._events.finish()
        self._characters.flush()
        return list(merge_runs(self._out.take()))

    def flush(self) -> list[Run]:
        """Return what can be spoken of the rest; an unfinished tag or `sub` still waits."""
        self._characters.flush()
        return list(merge_runs(self._out.take()))

    # --- from the parser --------------------------------------------------------------------------

    def start(self, name: str, attributes: dict[str, str], at: int, span: int) -> None:
        if not self._is_begun and name != "speak":
            raise make_error(f"SSML begins with <speak>, and not with <{name[:40]}>", at)
        if self._replaced is not None or self._is_silent:
            self._inside += 1
            self._leave_out(span)
            if self._replaced is not None:
                self._ignore(name, at)
            return
        self._characters.flush()
        state = self._states[-1]
        match name:
            case "speak" if not self._is_begun:
                self._is_begun = True
                self._out.leave_out(span)
            case "p":
                self._out.put_tag({"name": "p"}, span, "")
            case "s":
                self._out.put_sentence_end(span)
            case "break":
                self._put_break(attributes, at, span)
            case "prosody":
                state = self._change_rate(attributes, state, at, span)
            case "voice":
                state = self._change_speaker(attributes, state, at, span)
            case "sub" | "say-as" | "phoneme":
                self._replaced = _Replaced(name, attributes, at, span)
            case _:
                self._ignore(name, at)
                self._is_silent = name in _SILENT
                self._out.leave_out(span)
        self._states.append(state)

    def end(self, name: str, at: int, span: int) -> None:
        if self._inside:
            self._inside -= 1
            self._leave_out(span)
            return
        self._characters.flush()
        before, state = self._states.pop(), self._states[-1]
        if self._replaced is not None:
            self._put_replaced(self._replaced, span)
            self._replaced = None
        elif name == "p":
            self._out.put_tag({"name": "p", "closes": "/"}, span, "")
        elif name == "s":
            self._out.put_sentence_end(span)
        elif before.rate != state.rate:
            self._out.put_directive(Rate(state.rate), span)
        elif before.speaker != state.speaker:
            self._out.put_directive(state.speaker or Speaker(None, at), span)
        else:
            self._is_silent = False
            self._out.leave_out(span)

    def characters(self, text: str, at: int, span: int) -> None:
        if self._replaced is not None:
            self._replaced.parts.append(text)
            self._replaced.span += span
            if self._replaced.span > _MAX_REPLACED:
                name = self._replaced.name
                raise make_error(
                    f"<{name}> has more than {_MAX_REPLACED} characters", self._replaced.at
                )
        elif self._is_silent:
            self._out.leave_out(span)
        else:
            self._characters.put(text, span)

    def other(self, at: int, span: int) -> None:
        if self._replaced is None:
            self._characters.flush()
        self._leave_out(span)

    # --- elements ---------------------------------------------------------------------------------

    def _leave_out(self, span: int) -> None:
        if self._replaced is not None:
            self._replaced.span += span
        elif span:
            self._out.leave_out(span)

    def _ignore(self, what: str, at: int) -> None:
        self.faults.add("ssmlIgnored", f"<{what}>", at)

    def _put_break(self, attributes: dict[str, str], at: int, span: int) -> None:
        found = read_break(attributes)
        if isinstance(found, Fault):
            given = " ".join(f'{name}="{value}"' for name, value in attributes.items())
            self.faults.add(found.kind, f"<break {given}>", at)
            found = found.instead
        if found is None:
            self._out.leave_out(span)
        else:
            self._out.put_directive(found, span)

    def _change_rate(self, attributes: dict[str, str], state: _State, at: int, span: int) -> _State:
        for name in attributes.keys() - {"rate"}:
            self._ignore(f"prosody {name}", at)
        value = attributes.get("rate")
        factor = 1.0 if value is None else values.read_rate(value)
        rate = state.rate if factor is None else state.rate * factor
        limited = min(max(rate, values.SLOWEST), values.FASTEST)
        if factor is None or limited != rate:
            self.faults.add("rateNotPossible", f'<prosody rate="{value}">', at)
        if limited == state.rate:
            self._out.leave_out(span)
            return state
        if not self._takes_rates:
            raise Unsupported(
                f"A rate (at {at} in the text) needs a library that is not installed: libsonic.",
                hint="Run pip install libsonic.",
                field="text",
            )
        self._out.put_directive(Rate(limited), span)
        return _State(limited, state.speaker)

    def _change_speaker(
        self, attributes: dict[str, str], state: _State, at: int, span: int
    ) -> _State:
        name = attributes.get("name")
        if name is None:
            raise make_error("<voice> needs the name of a speaker", at)
        if not self._takes_speakers:
            raise make_error(f"The request has no speaker {name!r}", at)
        for other in attributes.keys() - {"name"}:
            self._ignore(f"voice {other}", at)
        speaker = Speaker(name, at)
        if state.speaker is not None and state.speaker.name == name:
            self._out.leave_out(span)
            return state
        self._out.put_directive(speaker, span)
        return _State(state.rate, speaker)

    def _put_replaced(self, element: _Replaced, span: int) -> None:
        written, attributes = "".join(element.parts), element.attributes
        span += element.span
        match element.name:
            case "sub":
                said = attributes.get("alias")
            case "say-as":
                said = values.say_as(written, attributes, self._language)
            case _:
                said = self._spell_phonemes(written, attributes, element.at)
        if said is None:
            given = " ".join(f'{name}="{value}"' for name, value in attributes.items())
            self.faults.add("ssmlNotUnderstood", f"<{element.name} {given}>", element.at)
            said = written
        self._out.put(said or GONE, span)

    def _spell_phonemes(self, written: str, attributes: dict[str, str], at: int) -> str | None:
        if not self._takes_phonemes:
            raise Unsupported(
                f"This model takes no phonemes, and <phoneme> is at {at} in the text.",
                hint="Use <sub alias> with a respelling, or a model whose abilities have phonemes.",
                field="text",
            )
        said = phonemes.to_kokoro(attributes.get("ph", ""))
        word = " ".join(written.replace("]", " ").replace("[", " ").split())
        if said is None or not word or attributes.get("alphabet", "ipa") != "ipa":
            return None
        return f"{KEPT}[{word}](/{said}/){KEPT}"
