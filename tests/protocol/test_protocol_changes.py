"""`.ci/protocol_changes.py` refuses what breaks clients, and accepts what the policy allows."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.support.wire import ROOT, SCHEMA

SCRIPT = ROOT / ".ci" / "protocol_changes.py"
spec = importlib.util.spec_from_file_location("protocol_changes", SCRIPT)
assert spec is not None
assert spec.loader is not None
protocol_changes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(protocol_changes)

Change = Callable[[Any], object]


def changes(change: Change) -> list[str]:
    new = deepcopy(SCHEMA)
    change(new)
    return protocol_changes.breaking_changes(SCHEMA, new)


def field(schema: Any, definition: str, name: str) -> Any:
    return schema["$defs"][definition]["properties"][name]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda s: s["methods"].pop("ping"), "ping"),
        (lambda s: s["methods"]["ping"].update(kind="notification"), "ping"),
        (lambda s: s["errors"].pop("queueFull"), "queueFull"),
        (lambda s: s["errors"].update(queueFull=1), "queueFull"),
        (lambda s: s["$defs"]["Pauses"]["properties"].pop("sentenceMs"), "Pauses.sentenceMs"),
        (lambda s: s["$defs"]["SynthesizeParams"]["required"].append("voice"), "voice"),
        (lambda s: s["$defs"]["SynthesizeResult"]["required"].remove("seed"), "seed"),
        (
            lambda s: (
                s["$defs"]["PingResult"]["properties"].update(more={"type": "string"}),
                s["$defs"]["PingResult"]["required"].append("more"),
            ),
            "PingResult.more",
        ),
        (
            lambda s: field(s, "SynthesizeResult", "finishReason")["enum"].remove("stop"),
            "SynthesizeResult.finishReason",
        ),
        (lambda s: field(s, "SynthesizeResult", "seed").update(type="string"), "seed"),
        (lambda s: field(s, "SynthesizeParams", "text").update(maxLength=10), "text"),
        (
            lambda s: field(s, "SynthesizeParams", "seed")["anyOf"][0].update(maximum=10),
            "SynthesizeParams.seed",
        ),
        (lambda s: field(s, "Capabilities", "methods")["items"].update(type="integer"), "methods"),
    ],
)
def test_a_change_that_breaks_clients_is_found(change: Change, where: str) -> None:
    found = changes(change)
    assert found
    assert all(where in one for one in found)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["methods"].update(new=s["methods"]["ping"]),
        lambda s: s["errors"].update(newError=2000),
        lambda s: s["$defs"]["Pauses"]["properties"].update(wordMs={"type": "number"}),
        lambda s: s["$defs"]["PingResult"]["properties"].update(more={"type": "string"}),
        lambda s: field(s, "SynthesizeResult", "finishReason")["enum"].append("new"),
        lambda s: field(s, "SynthesizeParams", "text").update(type="string", description="Other."),
        lambda s: field(s, "SynthesizeParams", "seed")["anyOf"][0].pop("maximum"),
        lambda s: s.update(protocolVersion=2) or s["methods"].clear(),
    ],
)
def test_a_change_that_the_policy_allows_is_accepted(change: Change) -> None:
    assert changes(change) == []
