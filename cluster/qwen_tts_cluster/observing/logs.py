"""The log as lines of JSON, without what is spoken."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

_ACCESS = logging.getLogger("qwen_tts_cluster.access")


class JsonFormatter(logging.Formatter):
    """Formats a record as one line: when, how bad, who, what, and the fields of `log_fields`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        fields: dict[str, Any] = getattr(record, "log_fields", {})
        line |= {name: value for name, value in fields.items() if value is not None}
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: int = logging.INFO) -> None:
    """Write this package's log to stderr as JSON. A second call changes only the level."""
    logger = logging.getLogger("qwen_tts_cluster")
    logger.setLevel(level)
    if any(isinstance(handler.formatter, JsonFormatter) for handler in logger.handlers):
        return
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    logger.propagate = False


def access(**fields: Any) -> None:
    """Write one line about a request that has ended. No field may have a text that is spoken."""
    _ACCESS.info("request", extra={"log_fields": fields})
