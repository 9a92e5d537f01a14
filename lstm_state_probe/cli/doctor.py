"""`probe doctor`."""

from __future__ import annotations

import click

from lstm_state_probe.cli.options.common import color_option, make_console


@click.command()
@color_option
def doctor(color: str) -> int:
    """Say what this installation can do: versions, engines, reset methods, devices, extras.

    Exits with 2 where no engine can be loaded.
    """
    from lstm_state_probe.host.process import lean_imports

    with lean_imports():
        from lstm_state_probe.host.diagnosis import diagnose

        findings = diagnose()
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", overflow="fold")
    table.add_column(overflow="fold")
    for finding in findings:
        style = "" if finding.good else "yellow"
        table.add_row(finding.subject, f"[{style}]{finding.text}[/]" if style else finding.text)
    make_console(color).print(table)
    return 0 if any(f.good and f.subject.startswith("engine") for f in findings) else 2
