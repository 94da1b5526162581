"""A text given to the model token by token, while it is being written."""

from __future__ import annotations

from sidecar.engine.events import SpeechResult
from sidecar.errors import EmptyText
from sidecar.synthesis.jobs import SpeechJobs, Step
from sidecar.synthesis.segments import Segment
from sidecar.synthesis.token_source import TextPiece, TokenSource
from sidecar.synthesis.word_times import tell_words
from sidecar.text.silence import is_silent


def speak_tokens(jobs: SpeechJobs, source: TokenSource, *, gathers_later: bool) -> Step[None]:
    """Speak a text whose segments are fed to the model piece by piece.

    Args:
        gathers_later: the model continues from the codes of the first segment. Their prompt takes
            the text of a segment whole, so the segments after the first are gathered.

    Raises:
        EmptyText, TextTimeout, Cancelled, and what the engine raises.
    """
    begun = TextPiece("")
    while jobs.frames_left and (piece := (yield from _first_words(jobs, source, begun))):
        segment, result, begun = piece.segment, None, TextPiece("")
        jobs.direct(piece.direction)
        if piece.text:
            jobs.submit(piece.text, more_text=segment is None, is_placed=False)
            segment, result = yield from _feed_rest(jobs, source, segment)
        if result is not None:
            is_cut = segment is None
            segment = source.cut() if segment is None else segment
            jobs.output.mark_spoken(segment)
            jobs.finish("clause" if is_cut else segment.break_after, result, is_cut=is_cut)
            yield from tell_words(jobs, segment.written, result, is_cut=is_cut)
            source.gathers = gathers_later
        elif piece.text and (segment is None or jobs.text != piece.text):
            # The model cannot begin with it: wait for more. There is no second pause.
            begun = TextPiece(jobs.text, segment, piece.direction.follow(()))
        elif segment is not None:
            jobs.results.skip(piece.text)
            jobs.output.place(segment, is_silent=True)


def _first_words(jobs: SpeechJobs, source: TokenSource, begun: TextPiece) -> Step[TextPiece | None]:
    """Wait for the beginning of the next segment, or all of one that says nothing.

    Punctuation alone is not a beginning: a model that is given nothing else babbles.

    Args:
        begun: the part of the segment that has already been taken from the source.

    Returns:
        None at the end of the text.
    """
    if begun.segment is not None:
        return begun
    text, direction = begun.text, begun.direction
    while True:
        jobs.fill(source)
        piece = source.take()
        if piece is None and source.is_over:
            return None
        if piece is None:
            jobs.output.mark_silent()
            yield from jobs.wait()
            continue
        text += piece.text
        direction = direction if begun.text else piece.direction
        if not is_silent(text):
            return TextPiece(text, piece.segment, direction)
        if piece.segment is not None:
            return TextPiece("", piece.segment, direction)


def _feed_rest(
    jobs: SpeechJobs, source: TokenSource, segment: Segment | None
) -> Step[tuple[Segment | None, SpeechResult | None]]:
    """Feed the rest of a segment to the running job, and wait for its end.

    Args:
        segment: the segment if the job has all of its text.

    Returns:
        The segment, or None if the speech ended before its text; and the result, or None if the
        model could not speak the text it received.
    """
    while True:
        jobs.fill(source)
        if segment is None and (piece := source.take()):
            segment = piece.segment
            jobs.append_text(piece.text, is_last=segment is not None)
            continue
        try:
            event = yield from jobs.wait()
        except EmptyText as error:
            jobs.skip(error)
            return segment, None
        if isinstance(event, SpeechResult):
            return segment, event
