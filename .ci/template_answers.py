"""Checks what templates/service became with each answer.

    python3 .ci/template_answers.py ROOT FOLDER

FOLDER has a project for each value of msf_source (`from-path`, `from-git`, `from-crates-io`), one with the defaults alone
(`default`), and one that was taken by git (`by-git`). No answer may leave a placeholder, and none may be left empty.
"""

import pathlib
import re
import sys
import tomllib

CRATES = {"dependencies": "msf-service", "build-dependencies": "msf-build", "dev-dependencies": "msf-testing"}


def main(root, folder):
    workspace = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["package"]
    asked = tomllib.loads((root / "templates/service/cargo-generate.toml").read_text())
    mistakes = []

    def expect(right, text):
        if not right:
            mistakes.append(text)

    questions = dict(asked["placeholders"])
    for extra in asked["conditional"].values():
        questions |= extra["placeholders"]
    expect(len(questions) <= 4, f"{len(questions)} questions, the promise is at most 4")
    for name, question in questions.items():
        expect("default" in question, f"{name} has no default, so --silent fails")
    expect(questions["msf_git"]["default"] == workspace["repository"],
           "the default of msf_git is not the repository of the workspace")

    wanted = {
        "default": lambda crate: {"path": f"../msf/{crate}"},
        "from-path": lambda crate: {"path": f"/opt/msf/{crate}"},
        "from-git": lambda crate: {"git": "https://example.invalid/fork"},
        "from-crates-io": lambda crate: workspace["version"],
        "by-git": lambda crate: {"path": f"/opt/msf/{crate}"},
    }
    expect({path.name for path in folder.iterdir()} == set(wanted), "other projects than asked for")
    files = 0
    for name, wants in wanted.items():
        project = folder / name
        manifest = tomllib.loads((project / "Cargo.toml").read_text())
        package = manifest["package"]
        expect(package["name"] == name, f"{name}: the package is called {package['name']}")
        expect(package["rust-version"] == workspace["rust-version"],
               f"{name}: rust-version {package['rust-version']}, msf needs {workspace['rust-version']}")
        described = questions["description"]["default"] if name in ("default", "by-git") else "Sells books"
        expect(package["description"] == described, f"{name}: the description is {package['description']!r}")
        for table, crate in CRATES.items():
            found = manifest[table].get(crate)
            expect(found == wants(crate), f"{name}: {crate} is {found!r}, not {wants(crate)!r}")
        expect((project / f"schemas/{name}.greeted.v1.json").is_file(), f"{name}: no schema of the event")
        readme = (project / "README.md").read_text()
        for said in (workspace["rust-version"], described):
            expect(said in readme, f"{name}: the README does not say {said}")
        book = {"from-git": "https://example.invalid/fork/blob/HEAD/book/src", "from-crates-io": workspace["repository"] + "/blob/HEAD/book/src",
                "default": "../msf/book/src"}.get(name, "/opt/msf/book/src")
        pages = re.findall(r"^\[.+\]: (\S+)$", readme, re.MULTILINE)
        expect(len(pages) >= 8, f"{name}: the README has {len(pages)} links to the book")
        for page in pages:
            there = page.removeprefix(book)
            expect(there != page and (root / "book/src" / there.lstrip("/")).is_file(), f"{name}: the README's {page} is no page of the book")
        here = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
        for path in sorted(here):
            files += 1
            text = (project / path).read_text()
            for number, line in enumerate(text.splitlines(), 1):
                left = re.search(r"(?<!\$)\{\{|\{%|TODO|FIXME", line)
                expect(not left, f"{name}/{path}:{number}: `{line.strip()}` is left; name the file in `include`")
            expect(text.endswith("\n"), f"{name}/{path}: does not end with a line")
        needed = {".dockerignore", ".env.example", ".github/workflows/ci.yml", ".gitignore", "Cargo.toml", "Dockerfile",
                  "README.md", "build.rs", "proto/service.proto", "src/main.rs", "tests/service.rs"}
        expect(needed <= here, f"{name}: missing {sorted(needed - here)}")
    for mistake in mistakes:
        print(mistake)
    if not mistakes:
        print(f"{len(wanted)} projects of {files} files: nothing is left open, msf comes from where it was said")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
