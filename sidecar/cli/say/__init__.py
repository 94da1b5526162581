"""`say`: a text in this process, spoken to a file, to the loudspeaker, and into captions."""

from __future__ import annotations

import argparse
import os
import sys

from sidecar.cli import terminal
from sidecar.cli.outputs import devices
from sidecar.cli.outputs.loudspeaker import check as check_device
from sidecar.cli.say import source
from sidecar.cli.say.request import check, request
from sidecar.cli.say.results import Results
from sidecar.cli.say.speech import Speech
from sidecar.synthesis.request import NarrationResult


def say(options: argparse.Namespace) -> int:
    """Speak; return the exit code.

    Raises:
        Failure, SidecarError, Interrupted
    """
    if options.list_devices:
        for number, name, is_default in devices():
            print(f"{number:>3}  {name}{' (default)' if is_default else ''}")
        return 0
    check(options)
    is_live = source.is_live(options)
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)  # libraries print while they load a model; stdout is for what was asked for
    if options.play:
        check_device(options.device)
    text = None if is_live else source.text(options)
    asked = request(options, text)
    with Results(options, stdout) as results:
        result = Speech(options, asked, text, results).run()
        results.finish(result)
        _report(options, result, results)
    return 0


def _report(options: argparse.Namespace, result: NarrationResult, results: Results) -> None:
    for notice in result.notices:
        terminal.warning(notice.message)
    if not options.quiet:
        terminal.note(
            f"{result.audio_seconds:.2f} s of audio · first audio after "
            f"{result.first_audio_seconds * 1000:.0f} ms (loading included) · "
            f"real-time factor {result.real_time_factor:.2f} · seed {result.seed}"
            + (f" → {results.names}" if results.names else "")
        )
