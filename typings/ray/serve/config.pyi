from typing import Any

class AutoscalingPolicy:
    def __init__(self, *, policy_function: str, policy_kwargs: dict[str, Any]) -> None: ...

class AutoscalingConfig:
    def __init__(self, *, policy: AutoscalingPolicy, **more: Any) -> None: ...

class RequestRouterConfig:
    def __init__(self, *, request_router_class: str) -> None: ...
