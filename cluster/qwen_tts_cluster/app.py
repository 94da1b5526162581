"""The application for `serve run qwen_tts_cluster:app` and for Serve's YAML."""

from __future__ import annotations

from typing import Any

from ray import serve
from ray.serve import Application
from ray.serve.config import AutoscalingConfig, AutoscalingPolicy, RequestRouterConfig

from qwen_tts_cluster import replica
from qwen_tts_cluster.settings import Settings, read_settings

# Serve kills a replica at the end of its grace; the service ends what is left before that.
_GRACE_SECONDS = 15.0
_ROUTER = "ray.serve.experimental.consistent_hash_router:ConsistentHashRouter"


def app(args: dict[str, Any]) -> Application:
    """Return the application with these settings: `args` in Serve's YAML.

    Raises:
        SettingsError: they are wrong.
    """
    return bind(read_settings(args))


def bind(settings: Settings) -> Application:
    """Return the application with these settings."""
    deployment = serve.deployment(serve.ingress(None)(replica.Replica))
    return deployment.options(**options(settings)).bind(**replica.as_init_args(settings))


def options(settings: Settings) -> dict[str, Any]:
    """Return the options of the deployment."""
    limits, scaling = settings.limits, settings.scaling
    return {
        "name": settings.name,
        "autoscaling_config": AutoscalingConfig(
            min_replicas=scaling.min_replicas,
            max_replicas=scaling.max_replicas,
            upscale_delay_s=scaling.upscale_delay_seconds,
            downscale_delay_s=scaling.downscale_delay_seconds,
            metrics_interval_s=1.0,
            look_back_period_s=2.0,
            policy=AutoscalingPolicy(
                policy_function="qwen_tts_cluster.autoscaling:StreamsPolicy",
                policy_kwargs={"target_streams": scaling.target_streams},
            ),
        ),
        # A WebSocket takes one for its whole life. The doors refuse by limits of their own, with
        # an error that says why; Serve's must not come first.
        "max_ongoing_requests": limits.max_sockets + limits.max_streams + 32,
        "request_router_config": RequestRouterConfig(request_router_class=_ROUTER),
        "ray_actor_options": {
            "num_cpus": settings.resources.cpus,
            "num_gpus": settings.resources.gpus,
        },
        "graceful_shutdown_timeout_s": limits.drain_seconds + _GRACE_SECONDS,
        "graceful_shutdown_wait_loop_s": 0.5,
        "health_check_period_s": 2.0,
        "health_check_timeout_s": 30.0,
    }
