"""Reads the numbers of a page back."""

import re

import numpy as np

NUMBER = r"-?(?:\d[\d.]*(?:e[+-]\d+)?|Inf|NaN|True|False)"
STEP = re.compile(rf"^ *(initial|change|\d+)(?: +(.*?))??((?:  +{NUMBER})*)$")


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def words(text: str) -> str:
    """Join what was folded."""
    return " ".join(text.split())


def table(text: str, name: str, sample: int) -> list[tuple[str, list[str]]]:
    """Read the table of one state and sample: (timestep, numbers), blocks of units joined."""
    lines = text.splitlines()
    found: list[tuple[str, list[str]]] = []
    at = lines.index(f"{name}, sample {sample}") + 1
    block = -1
    while at < len(lines) and lines[at].strip():
        line = lines[at]
        at += 1
        if line.lstrip().startswith("timestep"):
            block += 1
            place = 0
            continue
        match = re.match(r"^ *(initial|change|\d+)\b(.*)$", line)
        if not match or ", sample " in line or block < 0:
            break
        numbers = re.findall(rf"(?<=\s){NUMBER}(?=\s|$)", match[2])
        if block:
            found[place][1].extend(numbers)
        else:
            found.append((match[1], numbers))
        place += 1
    return found
