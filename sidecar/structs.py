"""Structs that several threads read by: msgspec has to learn each of them on one thread."""

from __future__ import annotations

import msgspec


def learn(*kinds: type[msgspec.Struct]) -> None:
    """Have msgspec look at the fields of Structs now; called where they are defined.

    Otherwise it does so at the first use, and Python may change to another thread meanwhile. If
    that one uses the same Struct, it reads what is half built, and the process crashes. A module is
    imported by one thread.
    """
    for kind in kinds:
        msgspec.json.Decoder(kind)
