"""Numerals that do not count anything: they are read digit by digit or part by part."""

from __future__ import annotations

import re

from sidecar.text.english.readings import (
    DIGITS,
    Figure,
    Reading,
    match_parts,
    read_with_library,
    spell_digits,
    spell_number,
)

# A part of an IP number with so many digits is read by its digits: "ten dot", "one nine two dot".
_LONG = 3


def _read_phone(figure: Figure) -> str:
    groups = DIGITS.findall(figure.span)
    said = ", ".join(_spell_group(group) for group in groups)
    return f"plus {said}" if figure.span.startswith("+") else said


def _spell_group(group: str) -> str:
    # "one eight hundred"
    return spell_number(group) if re.fullmatch(r"[1-9]00", group) else spell_digits(group)


def _read_address(figure: Figure) -> str:
    """Read an IP number such as 192.168.1.1, perhaps with a port or the length of a prefix."""
    host, sign, rest = match_parts(r"([\d.]+)([:/]?)(\d*)", figure.span)
    said = " dot ".join(
        spell_number(p) if len(p) < _LONG else spell_digits(p) for p in host.split(".")
    )
    if not sign:
        return said
    return (
        f"{said} port {spell_digits(rest)}" if sign == ":" else f"{said} slash {spell_number(rest)}"
    )


def _read_groups(figure: Figure) -> str:
    groups = re.split("[- ]", figure.span)
    if all(len(group) <= 2 for group in groups):
        return " ".join(spell_number(group) for group in groups)
    return ", ".join(spell_digits(group) for group in groups)


def _read_version(figure: Figure) -> str:
    said = " point ".join(spell_number(part) for part in DIGITS.findall(figure.span))
    return f"version {said}" if figure.span[0] in "vV" else said


def _read_mark(figure: Figure) -> str:
    return f"{read_with_library('No.')} {spell_number(DIGITS.findall(figure.span)[0])}"


CODES: dict[str, Reading] = {
    "phone": _read_phone,
    "address": _read_address,
    "groups": _read_groups,
    "version": _read_version,
    "mark": _read_mark,
}
