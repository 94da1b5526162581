"""What clients do at the same time as each other, and a text in a hundred thousand pieces."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.support.harness import sidecar
from tests.support.sounds import sound, wav

pytestmark = pytest.mark.hosts  # some of them take a while


def test_a_voice_that_is_made_and_deleted_at_the_same_time_is_whole_or_gone(
    golden: Path, tmp_path: Path
) -> None:
    """Each request is answered, none with a fault, and no half file is left."""
    chance = Random(1)
    model, reference = str(golden / "base"), {"audio": wav(sound())}
    create = {"voice": "a", "model": model, "reference": reference, "replace": True}
    speak = {"text": "Hi.", "voice": "a", "maxFrames": 2}
    with sidecar("--voices-dir", str(tmp_path)) as server:
        server.call("voice/create", create)
        with server.together():
            for _ in range(60):
                kind = chance.choice(["create", "create", "delete", "speak"])
                if kind == "create":
                    id = server.request("voice/create", create)
                    if chance.random() < 0.3:
                        server.notify("$/cancelRequest", {"id": id})
                elif kind == "delete":
                    server.request("voice/delete", {"voice": "a"})
                else:
                    server.request("speech/synthesize", speak)
        owed = set(server.methods) - {1, 2}
        types: set[str] = set()
        while owed:
            message = server.next_message()
            assert message is not None
            owed.discard(message.get("id"))
            if "error" in message:
                types.add(message["error"]["data"]["type"])
        assert types <= {"unknownVoice", "cancelled", "queueFull"}
        server.call("voice/create", create)
        assert server.call("speech/synthesize", speak)["frames"] == 2
        assert server.shutdown() == 0
    assert len(list(tmp_path.iterdir())) == 1


def test_a_text_in_a_hundred_thousand_pieces_of_a_letter() -> None:
    text = "Hello there, and so on. " * 4200
    with sidecar() as server:
        id = server.request(
            "speech/synthesize",
            {"text": "", "moreText": True, "partialResultToken": "a", "maxFrames": 12},
        )
        with server.together():
            for letter in text:
                server.notify("speech/appendText", {"token": "a", "text": letter})
            server.request("ping")
            server.notify("speech/endText", {"token": "a"})
        assert server.heard(id, "a").result["frames"] == 12
        assert server.shutdown() == 0
