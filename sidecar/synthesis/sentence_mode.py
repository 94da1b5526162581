"""A text given to the model segment by segment, each of them whole."""

from __future__ import annotations

from sidecar.engine.events import SpeechResult
from sidecar.errors import EmptyText
from sidecar.synthesis.jobs import SpeechJobs, Step
from sidecar.synthesis.segments import Segment, SegmentSource
from sidecar.synthesis.word_times import tell_words


def speak_sentences(jobs: SpeechJobs, source: SegmentSource) -> Step[None]:
    """Speak all segments of a text, one after another.

    Raises:
        EmptyText, TextTimeout, Cancelled, and what the engine raises.
    """
    while jobs.frames_left and (segment := (yield from _next_segment(jobs, source))):
        jobs.direct(segment.direction)
        jobs.output.place(segment, is_silent=not segment.text)
        if segment.text:
            jobs.submit(segment.text, more_follows=source.has_next)
            if result := (yield from _result(jobs)):
                jobs.finish(segment.break_after, result)
                yield from tell_words(jobs, segment.written, result)
            else:
                jobs.output.note_silent()
                jobs.results.skip(segment.text)


def _next_segment(jobs: SpeechJobs, source: SegmentSource) -> Step[Segment | None]:
    """Wait for the next segment, and return it; None at the end of the text."""
    while True:
        jobs.fill(source)
        segment = source.next()
        if segment is not None or source.is_over:
            return segment
        jobs.output.mark_silent()
        jobs.release()
        yield from jobs.wait()


def _result(jobs: SpeechJobs) -> Step[SpeechResult | None]:
    """Wait for the end of the segment; return None if the model cannot speak any of it."""
    try:
        while not isinstance(event := (yield from jobs.wait()), SpeechResult):
            pass
    except EmptyText as error:
        jobs.skip(error)
        return None
    return event
