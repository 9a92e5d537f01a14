"""How the page of HTML looks; it follows the reader's light or dark."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1d2127; --paper: #fff; --faint: #626b75; --line: #d5dae0;
  --good: #1a7f37; --bad: #c01c28; --unsure: #8a6100; --block: #f4f6f8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e7eb; --paper: #14171b; --faint: #97a1ab;
  --line: #363d45; --good: #4cc267; --bad: #ff7b72; --unsure: #d9a521; --block: #1d2127; } }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1rem 1.5rem 3rem; }
h1, h2, h4 { line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; } h4 { font-size: 1rem; font-weight: normal; margin: 1rem 0 .25rem; }
section { border-top: 1px solid var(--line); margin-top: 2rem; }
.wide { overflow-x: auto; margin: .25rem 0 .75rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
caption { text-align: left; color: var(--faint); } caption b { color: var(--ink); }
th, td { text-align: left; vertical-align: top; padding: .15rem .75rem .15rem 0; }
thead th { border-bottom: 1px solid var(--line); color: var(--faint); font-weight: 600; }
tbody th { font-weight: normal; }
details .wide td, details .wide thead th { text-align: right; white-space: nowrap; }
details .wide td.said { text-align: left; }
details { margin: .25rem 0; } details > :not(summary) { padding-left: 1rem; }
summary { cursor: pointer; }
details > pre { margin-left: 1rem; }
pre { background: var(--block); padding: .5rem .75rem; overflow-x: auto; font-size: .85rem; }
.text { white-space: pre-wrap; }
ul { list-style: none; }
.faint { color: var(--faint); } .passed, .good { color: var(--good); }
.failed, .bad { color: var(--bad); } .unsure { color: var(--unsure); }
a { color: inherit; } footer { margin-top: 2rem; font-size: .85rem; }
"""
