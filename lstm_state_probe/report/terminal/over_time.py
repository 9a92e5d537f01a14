"""What is said of the timesteps of a layer's calls: that they are there, or their tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstm_state_probe.amounts import plural
from lstm_state_probe.recording.call import WHEN_ASKED, Call
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.terminal.page import Page
from lstm_state_probe.report.terminal.timesteps import TrackTables
from lstm_state_probe.report.words.layout import ranges
from lstm_state_probe.report.words.window import Window, tracks, window


def recorded(page: Page, calls: Sequence[Call]) -> None:
    """Say in one faint line that timesteps are there to be shown, and how they were had."""
    noted(page, calls)
    kept = [call for call in calls if call.kept]
    if not kept:
        return
    one = len(calls) == 1
    counts = sum(len(call.kept) for call in kept), sum(call.timesteps for call in calls)
    count = plural(counts[0], "timestep")
    if counts[0] != counts[1]:
        count = f"{counts[0]} of {plural(counts[1], 'timestep')}"
    words = count if one else f"{count} of {len(calls)} calls"
    gates = any(call.gates for call in kept)
    options = "--timesteps, --gates" if gates else "--timesteps"
    page.say((f"{words} recorded{', with gates' if gates else ''} ({options})", "faint"))


def noted(page: Page, calls: Sequence[Call]) -> None:
    """Say why timesteps are missing, which kernel ran, or how far a replay is off."""
    for note in dict.fromkeys(call.note for call in calls if call.note):
        off = [c.replayed for c in calls if c.note == note and c.replayed is not None]
        far = (
            f"; the final states are off the real ones by at most {float(np.max(off)):.3g}"
            if off
            else ""
        )
        page.say((note + far, "faint"))
    for why in dict.fromkeys(_not_verified(call) for call in calls):
        if why:
            page.say((f"not verified: {why.removeprefix('not verified, ')}", "faint"))


def _not_verified(call: Call) -> str:
    """Say why the witness could not follow a call; '' where nobody asked it to, or it could."""
    verified = call.verified
    if verified is None or verified.agrees is not None or verified.why.endswith(WHEN_ASKED):
        return ""
    return verified.why


def over_time(page: Page, calls: Sequence[Call]) -> None:
    """Write the tables of the last of these calls, and say which call it is."""
    call = calls[-1]
    where = f"; {call.where}, the last of {len(calls)} calls (--calls)" if len(calls) > 1 else ""
    page.line()
    noted(page, [call])
    shown = tracks(call, page.options)
    if not shown or not call.kept:
        page.say((f"no timesteps of this call were recorded{where}", "faint"))
        return
    page.say(
        ("timesteps", "heading"),
        (_which(call, window(call, page.options), page.options) + where, "faint"),
    )
    if page.options.gates and not call.gates:
        page.say(("it has no gates, or none were recorded", "faint"))
    for track in shown:
        TrackTables(page, call, track).write()


def _which(call: Call, chosen: Window, options: ShowOptions) -> str:
    """Say which timesteps the tables have, and what became of the others."""
    parts = []
    if len(call.kept) < call.timesteps:
        parts.append(f"{len(call.kept)} of {call.timesteps} were recorded")
    if chosen.digest:
        option = "--timesteps all" if options.timesteps in (None, "digest") else "--full"
        parts.append(
            f"a digest of {len(call.kept)}: the first, the last, the lowest and the highest value"
            f" of each sample ({option} shows all)"
        )
    elif chosen.shown.complete:
        parts.append(f"all {call.timesteps}")
    else:
        parts.append(f"showing {chosen.shown.words('timesteps')}")
    if chosen.absent:
        parts.append(f"not there: {', '.join(ranges(chosen.absent))}")
    if call.backwards:
        parts.append("the loop ran backwards over the inputs")
    return "  " + "; ".join(parts)
