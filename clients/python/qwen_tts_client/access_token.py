"""What the token of a server may look like: see protocol/websocket.md."""

from __future__ import annotations

import re

is_access_token = re.compile(r"[A-Za-z0-9._~-]{1,256}").fullmatch
RULE = "must have 1 to 256 letters, digits, or characters of -_.~"
