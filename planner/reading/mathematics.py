"""TeX's mathematics as plain signs: ``$3\\times10^{-4}$`` reads ``3×10^-4``, ``$\\beta_1$`` reads ``β1``.

Invariant: only the view changes; the quote keeps the TeX.
"""

from __future__ import annotations

import re

from .mapped import Mapped

_SIGNS = {
    "times": "×", "cdot": "×", "pm": "±", "approx": "≈", "sim": "~", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥",
    "in": "∈",
    "beta": "β", "epsilon": "ε", "varepsilon": "ε", "eta": "η", "alpha": "α", "lambda": "λ", "gamma": "γ", "tau": "τ",
    "mu": "μ", "sigma": "σ", "rho": "ρ", "delta": "δ", "theta": "θ", "rightarrow": "→", "to": "→", "ldots": "…",
    "dots": "…",
    "lbrace": "{", "rbrace": "}", "lt": "<", "gt": ">", "infty": "∞", "ell": "L",
}  # fmt: skip

_TEXT = re.compile(
    r"\\(?:text|mathrm|mathbf|mathit|mathsf|mathcal|textrm|operatorname|boldsymbol|bm|rm)\s*\{([^{}]*)\}"
)
_FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*(\d+)\s*\}\s*\{\s*(\d+)\s*\}")
_SCRIPT = re.compile(r"([\^_])\{([^{}]*)\}")
_LOW = re.compile(r"(?<=[βεηαλγτ])_\s*(?=\w)")
_NAMED = re.compile(r"\\([A-Za-z]+)(?![A-Za-z])[ ]?")
_SPACING = re.compile(r"\\[,;:! ]|(?<!\\)~|\\(?:quad|qquad|left|right|big|Big|mathopen|mathclose)(?![A-Za-z])")
_GROUPED = re.compile(r"(?<=\d)\{,\}(?=\d{3})")
_BARE_GROUP = re.compile(r"\{([-−+]?[\d.]+)\}")
_DOLLARS = re.compile(r"(?<!\\)\$\$?(?=\S)([^$\n]{1,200}?(?:\n[^$\n]{1,200}?)?)(?<=\S)\$\$?|\\\(([^\n]{1,200}?)\\\)")
_TEX_LIKE = re.compile(r"[\\^_{}=<>×±∈]|^\s*[-−\d.,()\s/]+\s*%?\s*$|^[A-Za-z]$")


def without_mathematics(seen: Mapped) -> Mapped:
    """Formulas between dollar signs as plain signs; amounts of money are left alone."""

    def parts(match: re.Match[str]) -> tuple[str | int, ...]:
        group = 1 if match.group(1) is not None else 2
        return (group,) if _TEX_LIKE.search(match.group(group)) else (0,)

    return plain_signs(seen.rewrite(_DOLLARS, parts))


def plain_signs(seen: Mapped) -> Mapped:
    """TeX's names of signs, scripts and spacing replaced."""
    seen = seen.sub(_GROUPED, ",").sub(_SPACING, " ").sub(_TEXT, 1).sub(_FRACTION, 1, "/", 2)
    seen = seen.rewrite(
        _NAMED, lambda match: (_SIGNS[match.group(1)],) if match.group(1) in _SIGNS else (0,)
    )
    seen = seen.rewrite(_SCRIPT, lambda match: ("^", 2) if match.group(1) == "^" else (2,))
    return seen.sub(_BARE_GROUP, 1).sub(_LOW)
