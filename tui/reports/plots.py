"""Plots as inline SVG: curves over steps, and forecast intervals beside what it took. No script, nothing remote.

Invariant: every label is escaped; a value that is not finite leaves a gap and never a line through it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

_WIDTH, _HEIGHT = 640, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 12, 28
_COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#8250df", "#9a6700", "#0969da")


def curves(names: Sequence[str], series: Sequence[Sequence[Sequence[float]]]) -> str:
    """One drawing for each series, because metrics have units of their own."""
    drawn = zip(names, series, strict=True)
    return "".join(_curve(name, points, _COLOURS[n % len(_COLOURS)]) for n, (name, points) in enumerate(drawn))


def _curve(name: str, points: Sequence[Sequence[float]], colour: str) -> str:
    finite = [(step, value) for step, value in points if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    steps, values = [step for step, _ in finite], [value for _, value in finite]
    across, up = _scale(min(steps), max(steps), _LEFT, _WIDTH - _RIGHT), _scale(
        min(values), max(values), _HEIGHT - _BOTTOM, _TOP)  # fmt: skip
    lines = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{" ".join(path)}"/>'
        for path in _paths(points, across, up)
    )
    labels = (
        _text(_LEFT - 6, _TOP + 10, f"{max(values):.4g}", "end"),
        _text(_LEFT - 6, _HEIGHT - _BOTTOM, f"{min(values):.4g}", "end"),
        _text(_LEFT, _HEIGHT - 8, f"{min(steps):g}", "start"),
        _text(_WIDTH - _RIGHT, _HEIGHT - 8, f"{max(steps):g}", "end"),
        _text((_LEFT + _WIDTH) / 2, _HEIGHT - 8, f"{name} over steps", "middle"),
    )
    return _svg(_HEIGHT, name, lines + _axes(_HEIGHT) + "".join(labels))


def _paths(points: Sequence[Sequence[float]], across: Any, up: Any) -> list[list[str]]:
    paths: list[list[str]] = [[]]
    for step, value in points:
        if math.isfinite(value):
            paths[-1].append(f"{across(step):.1f},{up(value):.1f}")
        elif paths[-1]:
            paths.append([])
    return [path for path in paths if path]


def intervals(names: Sequence[str], found: Sequence[dict[str, Any]], words: Sequence[str]) -> str:
    """One bar for each quantity: the interval, its middle, and a mark at what it took, on a scale of its own."""
    height = 34 * len(names) + 12
    drawn = []
    for row, (name, one, said) in enumerate(zip(names, found, words, strict=True)):
        marks = [one["low"], one["mid"], one["high"], one["actual"]]
        across = _scale(min(0.0, *marks), max(marks) * 1.05 or 1.0, 130, _WIDTH - 150)
        y = 24 + 34 * row
        low, high = across(one["low"]), across(one["high"])
        drawn += [
            _text(122, y + 4, name, "end"),
            f'<rect x="{low:.1f}" y="{y - 6}" width="{max(1.0, high - low):.1f}" height="12" fill="#8cb4ff"/>',
            f'<line x1="{across(one["mid"]):.1f}" x2="{across(one["mid"]):.1f}" y1="{y - 6}" y2="{y + 6}" '
            'stroke="#1f6feb"/>',
            f'<circle cx="{across(one["actual"]):.1f}" cy="{y}" r="4" fill="#d1242f"/>',
            _text(_WIDTH - 144, y + 4, said, "start"),
        ]
    return _svg(height, "forecast (bar) against what it took (dot)", "".join(drawn))


def _scale(low: float, high: float, first: float, last: float) -> Any:
    wide = high - low or 1.0
    return lambda value: first + (value - low) / wide * (last - first)


def _axes(height: int) -> str:
    x, y = _LEFT, height - _BOTTOM
    return f'<path d="M{x} {_TOP}V{y}H{_WIDTH - _RIGHT}" fill="none" stroke="#888"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    place = f'x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="11" fill="currentColor">{escape(text)}</text>'


def _svg(height: int, title: str, inside: str) -> str:
    view = f'viewBox="0 0 {_WIDTH} {height}" role="img"'
    return f"<svg {view}><title>{escape(title)}</title>{inside}</svg>"
