"""The settings in the files that the recipe names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from qwen_tts_cluster.settings import read_settings

from tests.support.harness import ROOT

CLUSTER = ROOT / "cluster"


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text("utf-8")))


def test_the_settings_are_right() -> None:
    (service,) = documents(CLUSTER / "kubernetes" / "rayservice.yaml")
    inner = yaml.safe_load(service["spec"]["serveConfigV2"])
    (outer,) = documents(CLUSTER / "serve.yaml")
    for application in inner["applications"] + outer["applications"]:
        assert application["import_path"] == "qwen_tts_cluster:app"
        assert read_settings(application["args"]).name == application["name"]


def test_a_pod_lives_as_long_as_a_drain() -> None:
    (service,) = documents(CLUSTER / "kubernetes" / "rayservice.yaml")
    inner = yaml.safe_load(service["spec"]["serveConfigV2"])
    drain = read_settings(inner["applications"][0]["args"]).limits.drain_seconds
    (group,) = service["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    assert group["template"]["spec"]["terminationGracePeriodSeconds"] >= drain + 30
    # As many replicas as Serve asks for have a GPU each.
    most = read_settings(inner["applications"][0]["args"]).scaling.max_replicas
    assert group["maxReplicas"] >= most


def test_names_agree() -> None:
    (service,) = documents(CLUSTER / "kubernetes" / "rayservice.yaml")
    secrets = {s["metadata"]["name"] for s in documents(CLUSTER / "kubernetes/keys.example.yaml")}
    spec = service["spec"]["rayClusterConfig"]
    assert spec["authOptions"]["secretName"] in secrets
    for pod in (spec["headGroupSpec"], spec["workerGroupSpecs"][0]):
        names = [
            v["secret"]["secretName"] for v in pod["template"]["spec"]["volumes"] if "secret" in v
        ]
        assert set(names) <= secrets
    (ingress,) = documents(CLUSTER / "kubernetes" / "ingress.yaml")
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"]["name"] == service["metadata"]["name"] + "-serve-svc"
