"""Says what a service's log holds, and fails when it tells of a fault of the service's own.

    python3 .ci/log.py LOG..

Such are a line of level ERROR, an HTTP answer of 500 or above, a gRPC answer of INTERNAL, UNKNOWN, UNIMPLEMENTED or DATA_LOSS,
and a line that is no JSON: a panic, for one.
"""

import collections
import json
import sys

# https://grpc.io/docs/guides/status-codes/ : unlike these, the others say something of the request or of the moment.
GRPC_FAULTS = {2: "UNKNOWN", 12: "UNIMPLEMENTED", 13: "INTERNAL", 15: "DATA_LOSS"}


def fault(line):
    """What is wrong with one line, or None; and what it answered, if it is an answer."""
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return "no JSON", None
    if entry.get("level") == "ERROR":
        return "an ERROR line", None
    if entry.get("message") != "request":
        return None, None
    status = entry["status"]
    answer = f"{entry['protocol']} {status}"
    if entry["protocol"] == "grpc":
        return GRPC_FAULTS.get(status), answer
    return ("a fault of the service" if status >= 500 else None), answer


def main(logs):
    answers, faults = collections.Counter(), 0
    for log in logs:
        for line in open(log, encoding="utf-8"):
            wrong, answer = fault(line)
            if answer:
                answers[answer] += 1
            if wrong:
                faults += 1
                if faults <= 20:
                    print(f"{wrong}: {line.rstrip()[:2000]}")
    told = ", ".join(f"{answer}: {count}" for answer, count in sorted(answers.items()))
    print(f"the log has {sum(answers.values())} answers ({told}) and {faults} faults")
    return 1 if faults or not answers else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
