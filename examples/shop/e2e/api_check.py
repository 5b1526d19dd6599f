"""Sends the shop what schemathesis makes of its OpenAPI document: as nobody, as a user and as an admin.

    python api_check.py [--long]        the shop's ready file is $SHOP_READY

All checks are on but the exceptions of schemathesis.toml. The first failure of each kind is printed with a curl line that shows
it again. `--long` is for the soak: more cases and another seed each time, which is printed.
"""

import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).parent
PASSWORD = "correct horse battery"


def post(url, body):
    request = urllib.request.Request(
        url, data=json.dumps(body).encode(), headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def token(http, email, password):
    """An access token, good for ten minutes, which no run takes."""
    return post(f"{http}/api/v1/login", {"email": email, "password": password})["access_token"]


def run(name, http, bearer, options):
    """Runs all phases; returns the count of cases, that of failures, and whether all went well."""
    print(f"--- {name}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.json")
        command = [
            pathlib.Path(sys.executable).with_name("schemathesis"),
            f"--config-file={HERE / 'schemathesis.toml'}",
            "run",
            f"{http}/openapi.json",
            "--checks=all",
            "--phases=examples,coverage,fuzzing,stateful",
            "--report=json",
            f"--report-json-path={report}",
            *options,
        ]
        if bearer:
            command.append(f"--header=Authorization: Bearer {bearer}")
        hooks = {"SHOP_HOOKS": str(HERE / "schemathesis_hooks.py")}
        subprocess.run(
            command, stdin=subprocess.DEVNULL, check=False, cwd=folder, env=dict(os.environ, **hooks)
        )
        told = json.loads(report.read_text(encoding="utf-8"))
    cases = told["test_cases"]
    # All but the document itself, which schemathesis reads and so leaves out.
    complete = told["complete"] and told["operations"]["tested"] == told["operations"]["total"] > 20
    clean = complete and told["exit_code"] == 0 and not cases["with_failures"] and not cases["errored"]
    return cases["generated"], cases["unique_failures"] + cases["errored"], clean


def main(arguments):
    with open(os.environ["SHOP_READY"], encoding="utf-8") as file:
        ready = json.load(file)
    http = ready["http"]
    email = f"user-{secrets.token_hex(6)}@example.com"
    post(f"{http}/api/v1/register", {"name": "Ana", "email": email, "password": PASSWORD})
    admin = ready["first_admin"]

    options = ["--max-examples=20"]
    if "--long" in arguments:
        # Each of the three repeats for so many seconds, less than an access token is good for.
        options = ["--max-examples=100", "--max-time=300", f"--seed={secrets.randbelow(2**32)}"]
    sound, total, failures = True, 0, 0
    for name, login in (
        ("nobody", None),
        ("a user", (email, PASSWORD)),
        ("an admin", (admin["email"], admin["password"])),
    ):
        bearer = token(http, *login) if login else None
        cases, failed, clean = run(name, http, bearer, options)
        sound &= clean
        total += cases
        failures += failed
    print(f"{total} cases, {failures} failures")
    return 0 if sound and total else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
