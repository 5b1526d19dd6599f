"""Runs the `console` fences of the book against a running hello and compares what they print.

    python3 .ci/console.py HTTP ADMIN PAGE..

A line `$ command` is run by bash; the lines after it are what it must print. `[..]` stands for anything within a line, a line
`...` for any number of lines. The default addresses in a page stand for those that are given.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

DEFAULTS = ("127.0.0.1:8080", "127.0.0.1:9080")


def commands(page):
    """Yields (line number, command, expected output) of each command in the page's console fences."""
    current, inside = None, False
    for number, line in enumerate(open(page, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        if line.startswith("```"):
            if current:
                yield current
            current, inside = None, line == "```console"
        elif inside and line.startswith("$ "):
            if current:
                yield current
            current = (number, line[2:], [])
        elif current and current[1].endswith("\\"):
            current = (current[0], current[1][:-1] + line.lstrip("> "), [])
        elif current:
            current[2].append(line)


def pattern(expected):
    """The expected lines as a regular expression."""
    parts = []
    for line in expected:
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*".join(re.escape(part) for part in line.split("[..]")) + r"\n")
    return "".join(parts) + r"\s*"


def main(http, admin, pages):
    real = [url.split("://")[1] for url in (http, admin)]
    ran = failed = 0
    # curl's progress meter is for terminals.
    home = tempfile.TemporaryDirectory()
    pathlib.Path(home.name, ".curlrc").write_text("silent\nshow-error\n", encoding="utf-8")
    environment = dict(os.environ, CURL_HOME=home.name)
    for page in pages:
        for number, command, expected in commands(page):
            ran += 1
            run = command
            for default, address in zip(DEFAULTS, real):
                run = run.replace(default, address)
            done = subprocess.run(
                ["bash", "-c", run], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=60, check=False, text=True, env=environment,
            )
            output = done.stdout.replace("\r", "")
            for default, address in zip(DEFAULTS, real):
                output = output.replace(address, default)
            if output and not output.endswith("\n"):
                output += "\n"
            if not re.fullmatch(pattern(expected), output):
                failed += 1
                print(f"{page}:{number}: $ {command}\n--- the page says\n" + "\n".join(expected))
                print(f"--- it printed\n{output}")
    print(f"{ran} commands of the book ran, {failed} printed something else")
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
