"""Write the README's tables of settings and definitions anew: `python scripts/make_readme.py`.

They are what the program says of itself; tests/test_docs.py fails while the README says something else.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the checkout, whether or not it is installed

from orderflow.market.studies.registry import STUDIES
from orderflow.settings.settings import describe

README = Path(__file__).resolve().parent.parent / "README.md"


def settings_table() -> str:
    """Every setting with its default and its meaning."""
    lines = ["| setting | default | short name | meaning |", "|---|---|---|---|"]
    for name, default, meta, *_ in describe():
        short = ", ".join(f"`{other}`" for other in meta.names)
        lines.append(f"| `{name}` | {_shown(name, default)} | {short} | {meta.doc} |")
    return "\n".join(lines) + "\n"


def _shown(name: str, default: Any) -> str:
    if name == "data_dir":
        return "by platform"
    if name == "max_body":
        return f"{default // 2**20} MiB"
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, float):
        return f"{default:g}"
    if isinstance(default, int):
        return f"{default:,}" if default > 9999 else str(default)
    return str(default) if default else "none"


def definitions_table() -> str:
    """Every study with its rule and the defaults of its options."""
    lines = ["| | definition | defaults |", "|---|---|---|"]
    for study in STUDIES:
        _, _, options = study.in_force().partition(": ")
        rule = study.rule.replace("|", "\\|")
        lines.append(f"| {study.title} | {rule} | {options} |")
    return "\n".join(lines) + "\n"


def filled(text: str) -> str:
    """The text with the tables between their comments written anew."""
    for name, table in (("settings", settings_table()), ("definitions", definitions_table())):
        before, rest = text.split(f"<!-- {name} -->\n")
        _, after = rest.split(f"<!-- /{name} -->")
        text = f"{before}<!-- {name} -->\n{table}<!-- /{name} -->{after}"
    return text


def main() -> int:
    """Write them; 0."""
    README.write_text(filled(README.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
