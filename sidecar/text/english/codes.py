"""Numerals that count nothing: what is read digit by digit or part by part."""

from __future__ import annotations

import re

from sidecar.text.english.readings import DIGITS, Figure, Reading, digits, library, number, parts

# "ten dot", but "one nine two dot".
_LONG = 3


def _phone(figure: Figure) -> str:
    groups = DIGITS.findall(figure.span)
    said = ", ".join(_group(group) for group in groups)
    return f"plus {said}" if figure.span.startswith("+") else said


def _group(group: str) -> str:
    # "one eight hundred"
    return number(group) if re.fullmatch(r"[1-9]00", group) else digits(group)


def _address(figure: Figure) -> str:
    """192.168.1.1, with a port or the length of a prefix."""
    host, sign, rest = parts(r"([\d.]+)([:/]?)(\d*)", figure.span)
    said = " dot ".join(number(p) if len(p) < _LONG else digits(p) for p in host.split("."))
    if not sign:
        return said
    return f"{said} port {digits(rest)}" if sign == ":" else f"{said} slash {number(rest)}"


def _groups(figure: Figure) -> str:
    groups = re.split("[- ]", figure.span)
    if all(len(group) <= 2 for group in groups):
        return " ".join(number(group) for group in groups)
    return ", ".join(digits(group) for group in groups)


def _version(figure: Figure) -> str:
    said = " point ".join(number(part) for part in DIGITS.findall(figure.span))
    return f"version {said}" if figure.span[0] in "vV" else said


def _mark(figure: Figure) -> str:
    return f"{library('No.')} {number(DIGITS.findall(figure.span)[0])}"


CODES: dict[str, Reading] = {
    "phone": _phone,
    "address": _address,
    "groups": _groups,
    "version": _version,
    "mark": _mark,
}
