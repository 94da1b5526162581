from typing import Any

class Worker:
    actors: dict[Any, Any]

global_worker: Worker
