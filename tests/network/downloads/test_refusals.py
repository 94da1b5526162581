"""A hub that refuses, limits the rate, is gone, or must not be contacted: each has its error."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.downloads import (
    TOTAL,
    WEIGHTS,
    Done,
    Fetcher,
    models,
)
from tests.support.hub import Hub


@pytest.mark.parametrize(
    ("status", "headers", "type", "words"),
    [
        (401, {}, "hubAccessDenied", ["127.0.0.1", "status 401", "HF_TOKEN"]),
        (403, {}, "hubAccessDenied", ["status 403", "HF_TOKEN"]),
        (403, {"X-Error-Code": "GatedRepo"}, "hubAccessDenied", ["is gated", "HF_TOKEN"]),
        (404, {"X-Error-Code": "RepoNotFound"}, "unknownModel", ["no repository", "HF_TOKEN"]),
        (429, {"Retry-After": "3600"}, "hubRateLimited", ["in 3600 s", "HF_TOKEN"]),
        (429, {"RateLimit": '"api";r=0;t=240'}, "hubRateLimited", ["in 240 s"]),
        (451, {}, "modelLoadFailed", ["status 451"]),
    ],
)
@pytest.mark.parametrize("part", ["/api/", "/resolve/"])
def test_a_refusal_says_what_to_do(
    hub: Hub,
    fetch: Fetcher,
    part: str,
    status: int,
    headers: dict[str, str],
    type: str,
    words: list[str],
) -> None:
    with hub.failing(part, status, headers=headers):
        end = fetch.refused(hub.repo)
    assert (end["type"], end["field"]) == (type, "model")
    for word in words:
        assert word in end["said"]
    assert sum(part in request for request in hub.requests) == 1  # it was not asked again
    pause = end["figures"]["retry_after_seconds"]
    assert pause == {"Retry-After": 3600, "RateLimit": 240}.get(next(iter(headers), ""))


@pytest.mark.parametrize("name", ["../../evil.json", "/etc/evil.json", "a/../../evil.json"])
def test_a_listing_cannot_lead_out_of_the_cache(hub: Hub, fetch: Fetcher, name: str) -> None:
    [repo] = hub.repos[hub.repo]
    repo.files[name] = repo.files["config.json"].renamed(name)
    end = fetch.refused(hub.repo)
    assert (end["type"], "evil.json" in end["said"]) == ("modelLoadFailed", True)
    assert hub.fetched() == []


@pytest.mark.parametrize("headers", [{"Retry-After": "1"}, {"RateLimit": '"api";r=0;t=1'}])
def test_a_short_pause_is_kept(hub: Hub, fetch: Fetcher, headers: dict[str, str]) -> None:
    started = time.monotonic()
    with hub.failing("/resolve/", 429, times=1, headers=headers):
        end = fetch.whole(hub.repo)
    assert time.monotonic() - started >= 1
    assert [one["waiting_seconds"] for one in end["progress"] if one["waiting_seconds"]] == [1]
    assert sum(hub.sent.values()) == TOTAL


@pytest.mark.parametrize("part", ["/api/", "/cdn/"])
def test_a_hub_with_a_hiccup_is_asked_again(hub: Hub, fetch: Fetcher, part: str) -> None:
    with hub.failing(part, 503, times=1):
        fetch.whole(hub.repo)


def test_a_hub_that_is_out_of_order(hub: Hub, fetch: Fetcher) -> None:
    with hub.failing("/api/", 500):
        end = fetch.refused(hub.repo)
    assert end["type"] == "hubUnreachable"
    assert "status 500" in end["said"]
    assert len(hub.requests) == 4


def test_a_silent_hub_is_given_up(hub: Hub, tmp_path: Path) -> None:
    with hub.silent():
        done = models(hub, tmp_path, "download", hub.repo, HF_HUB_DOWNLOAD_TIMEOUT="1")
    assert done.code == 1
    assert "127.0.0.1" in done.error
    assert "it does not answer" in done.error


def test_a_proxy_is_used_and_named(hub: Hub, tmp_path: Path) -> None:
    dead = {"http_proxy": "http://user:secret@127.0.0.1:1", "NO_PROXY": "", "no_proxy": ""}
    done = models(hub, tmp_path, "download", hub.repo, **dead)
    assert done.code == 1
    assert "through the proxy 127.0.0.1: Connection refused." in done.error
    assert "HTTPS_PROXY" in done.error
    assert "secret" not in done.error
    assert hub.requests == []


def test_offline_names_the_revision_that_is_missing(hub: Hub, fetch: Fetcher) -> None:
    done = models(hub, fetch.home, "download", f"{hub.repo}@v1", "--offline")
    assert f"{hub.repo}@v1 is not on this machine, and offline mode is on" in done.error
    assert f"models download {hub.repo}@v1" in done.error


@pytest.mark.parametrize("way", ["--offline", "HF_HUB_OFFLINE"])
def test_offline_names_what_is_missing(hub: Hub, fetch: Fetcher, way: str) -> None:
    arguments = ["--offline"] if way == "--offline" else []
    environment = {} if arguments else {way: "1"}

    def asked(action: str) -> Done:
        return models(hub, fetch.home, action, hub.repo, *arguments, **environment)

    done = asked("download")
    assert done.code == 1
    assert f"{hub.repo} is not on this machine, and offline mode is on" in done.error
    assert f"models download {hub.repo}" in done.error
    assert hub.requests == []
    folder = Path(fetch.whole(hub.repo)["path"])
    assert asked("path").said.strip() == str(folder)
    (folder / "speech_tokenizer" / WEIGHTS).unlink()
    (folder / "tokenizer.json").unlink()
    hub.requests.clear()
    done = asked("path")
    assert done.code == 1
    for name in (f"speech_tokenizer/{WEIGHTS}", "vocab.json"):
        assert name in done.error
    assert hub.requests == []
