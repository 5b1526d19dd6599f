"""Holds the book's copies of what each service of the shop adds to the settings that every service has.

    python3 .ci/own-settings.py FOLDER_OF_BINARIES [--update]

What every service has is hello's page, which `.ci/hello-smoke` holds; each other service's file is what `config --defaults` says and that page
does not. `--update` writes the files.
"""

import difflib
import pathlib
import re
import subprocess
import sys

REFERENCE = pathlib.Path("book/src/reference")
FOLDER = REFERENCE / "settings"


def entries(text):
    """Yields (heading, entry) of each key: its comments and its line."""
    heading, lines = "", []
    for line in text.splitlines():
        if not line.strip():
            continue
        if re.fullmatch(r"#?\[\[?[^\]]+\]\]?", line):
            heading, lines = line, []
            continue
        lines.append(line)
        if re.match(r"#?[A-Za-z0-9_\".<>-]+ = ", line):
            yield heading, "\n".join(lines)
            lines = []
    if lines:
        sys.exit(f"no key after {lines}")


def common(entry):
    """The entry without the name of its app."""
    heading, text = entry
    return heading, re.sub(r"Variable: [A-Z0-9_]+?__", "Variable: APP__", text)


def own(text, known):
    """The entries that are not among the known, under their headings."""
    out, shown, name = [], "", re.compile(r"Variable: ([A-Z0-9_]+?)__")
    for heading, entry in entries(text):
        if common((heading, entry)) in known:
            continue
        if not name.search(entry):
            sys.exit(f"no variable in {entry}")
        if heading != shown:
            out += ["", heading]
            shown = heading
        out.append(entry)
    return "\n".join(out).lstrip("\n") + "\n" if out else "# Nothing: it has no settings but those of every service.\n"


def main(binaries, update):
    known = {common(entry) for entry in entries((REFERENCE / "hello-settings.toml").read_text(encoding="utf-8"))}
    services = sorted(path.parent.parent.name for path in pathlib.Path("examples/shop").glob("*/src/main.rs"))
    services.remove("shop")
    page = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    stale = 0
    FOLDER.mkdir(exist_ok=True)
    for service in services:
        text = subprocess.run(
            [f"{binaries}/{service}", "config", "--defaults"], check=True, capture_output=True, text=True
        ).stdout
        new, file = own(text, known), FOLDER / f"{service}.toml"
        if update:
            file.write_text(new, encoding="utf-8")
        old = file.read_text(encoding="utf-8") if file.exists() else ""
        if old != new:
            stale += 1
            sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), new.splitlines(True), str(file), service))
        if f"settings/{service}.toml" not in page:
            stale += 1
            print(f"{REFERENCE / 'settings.md'} does not include settings/{service}.toml")
    print(f"settings of {', '.join(services)}: {f'{stale} to mend; bash .ci/shop-smoke --update' if stale else 'current'}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:] == ["--update"]))
