"""The figures of the fault suite, each beside its goal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from mlintern.benchmarks.faults.build import DEVELOPMENT, HELD_OUT, Program
from mlintern.benchmarks.goal import Goal

LEAST_CAUGHT = {DEVELOPMENT: 0.95, HELD_OUT: 0.85}
MOST_ALARMED = {"error": 0.0, "warning": 0.03}
LONGEST_SECONDS = 60.0
MOST_OF_FULL = 0.02
"""Of programs that train for minutes; these train for seconds."""


def goals(programs: Sequence[Program], raw: Mapping[str, Mapping[str, Any]]) -> list[Goal]:
    """What was measured of these programs; those that were not taken through the check are left out."""
    faults = [raw[one.id] for one in programs if one.id in raw and not one.is_sound]
    sound = [raw[one.id] for one in programs if one.id in raw and one.is_sound]
    caught = [one for one in faults if one["caught"]]
    found = []
    if faults:
        least = LEAST_CAUGHT[programs[0].part]
        found.append(Goal("faults that a finding names by their family", least, _share(faults, "caught"), "at least"))
        code = _share(faults, "right_code")
        found.append(Goal("faults that a finding names by their very code", None, code, "at least"))
    if caught:
        place = _share(caught, "right_place")
        found.append(Goal("of those caught: the line or the object is right", 0.8, place, "at least"))
        early = sum(one["rung"] != "pilot" for one in caught) / len(caught)
        found.append(Goal("of those caught: before the pilot", None, early, "at least"))
    for level, most in MOST_ALARMED.items():
        if sound:
            alarmed = sum(any(alarm["severity"] == level for alarm in one["alarms"]) for one in sound) / len(sound)
            found.append(Goal(f"sound programs with a finding at level {level}", most, alarmed, "at most"))
    if done := [*faults, *sound]:
        found.append(Goal("a check, median", None, median(one["check_seconds"] for one in done), "at most", "s"))
        longest = max(one["check_seconds"] for one in done)
        found.append(Goal("a check, longest", LONGEST_SECONDS, longest, "at most", "s"))
    for name, what in (("share_of_full", "time"), ("share_of_full_cpu", "CPU time")):
        if shares := [one[name] for one in done if one[name] is not None]:
            name = f"a check, share of the full run's {what}, median"
            found.append(Goal(name, MOST_OF_FULL, median(shares), "at most"))
    return found


def lines(programs: Sequence[Program], raw: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Program by program, then family by family."""
    told, families, hit = [], Counter[str](), Counter[str]()
    for one in programs:
        if one.id not in raw:
            continue
        result = raw[one.id]
        said = ", ".join(f"{alarm['code']} ({alarm['severity']})" for alarm in result["alarms"]) or "nothing"
        if one.is_sound:
            mark = "ALARM " if result["alarms"] else "quiet "
        else:
            mark = "caught" if result["caught"] else "missed"
            families[one.families[0]] += 1
            hit[one.families[0]] += result["caught"]
        place = " place" if result["right_place"] else ""
        told.append(f"{mark}{place:6} {one.id:52} {result['check_seconds']:6.1f} s  {said}{_problem(result)}")
    told += [f"{family:28} {hit[family]} of {count}" for family, count in sorted(families.items())]
    told += [f"rung {rung:12} caught {count}" for rung, count in sorted(_rungs(programs, raw).items())]
    return told


def _rungs(programs: Sequence[Program], raw: Mapping[str, Mapping[str, Any]]) -> Counter[str]:
    caught = (raw[one.id] for one in programs if one.id in raw and not one.is_sound and raw[one.id]["caught"])
    return Counter(str(one["rung"]) for one in caught)


def _problem(result: Mapping[str, Any]) -> str:
    return f"  [{result['problem']}]" if result["problem"] else ""


def _share(results: Sequence[Mapping[str, Any]], name: str) -> float:
    return sum(bool(one[name]) for one in results) / len(results)
