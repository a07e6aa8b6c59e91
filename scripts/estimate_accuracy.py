#!/usr/bin/env python3
"""How near the estimate comes to what a sweep then takes: real trials of the example script on a real server, in rounds.

    scripts/estimate_accuracy.py SERVER CORE [ROUNDS]

SERVER is the built `sweep`, CORE the built example `estimate_accuracy`, which asks the core. In each round a sweep of twelve
trials is launched with a pilot of two; from these two and the formula the core estimates how long all twelve run together; the
rest is released, and measured. Then a fit of the core to those twelve estimates twelve others, which are run too. All trials
run at the same parallelism, two at once. Prints each round with the load of the machine, and the medians. Ends with 1 where
the median is off by more than 15 % after the pilot, or 10 % after the fit, or where a trial takes less than five seconds.
"""

import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import datetime
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
FORMULA = "seconds = epochs / 4"  # what a person who has read examples/README.md writes
FIRST = 'digits.py --epochs "[32, 44, 56]" --batch_size "[16, 64]" --learning_rate "[0.02, 0.2]"'
NEXT = 'digits.py --epochs "[36, 40, 52]" --batch_size "[24, 48]" --learning_rate "[0.05, 0.1]"'
PARALLEL = 2
LEAST_SECONDS = 5
PILOT_BOUND, FIT_BOUND = 0.15, 0.10
PATIENCE = 3600


def main() -> int:
    server, core = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    after_pilot, after_fit, shortest = [], [], float("inf")
    with tempfile.TemporaryDirectory() as temporary, Server(server, Path(temporary)) as running:
        for number in range(1, rounds + 1):
            begun = time.monotonic()
            first, guess = sweep_with_pilot(running, core)
            fit = ask(core, NEXT, finished=[(trial.arguments, trial.seconds) for trial in first])
            following = running.finish(running.launch(NEXT))
            took, took_next = total(first), total(following)
            after_pilot.append(guess / took - 1)
            after_fit.append(fit["total_seconds"] / took_next - 1)
            shortest = min([shortest] + [trial.seconds for trial in first + following])
            print(
                f"round {number} of {rounds}: pilot {guess:6.1f} s, took {took:6.1f} s ({after_pilot[-1]:+.1%});"
                f" fit {fit['total_seconds']:6.1f} s, took {took_next:6.1f} s ({after_fit[-1]:+.1%});"
                f" load {os.getloadavg()[0]:.1f}, {time.monotonic() - begun:.0f} s",
                flush=True,
            )
            print(f"    {fit['source']}", flush=True)
    of_pilot, of_fit = (statistics.median(abs(error) for error in errors) for errors in (after_pilot, after_fit))
    print(f"median after the pilot {of_pilot:.1%} (bound {PILOT_BOUND:.0%}), after the fit {of_fit:.1%} (bound {FIT_BOUND:.0%})")
    print(f"shortest trial {shortest:.1f} s")
    return int(of_pilot > PILOT_BOUND or of_fit > FIT_BOUND or shortest < LEAST_SECONDS)


def sweep_with_pilot(server: "Server", core: Path) -> "tuple[list[Trial], float]":
    """The trials of the first sweep, and how long the core estimates them to run from the pilot's."""
    pilot = ask(core, FIRST, run_time=FORMULA)["pilot"]
    run = server.launch(FIRST, pilot)
    measured = [(trial.number, trial.seconds) for trial in server.finish(run, held=True)]
    guess = ask(core, FIRST, run_time=FORMULA, pilot=measured)
    server.release(run)
    return server.finish(run), guess["total_seconds"]


def ask(core: Path, command: str, **question) -> dict:
    question["command"] = f"grid run {command}"
    answer = subprocess.run([core], input=json.dumps(question), capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def total(trials: "list[Trial]") -> float:
    return sum(trial.seconds for trial in trials)


class Trial:
    """A trial that has completed."""

    def __init__(self, row: dict, columns: "list[str]"):
        start, end = (datetime.fromisoformat(row[name].replace("Z", "+00:00")) for name in ("startTimestamp", "finishTimestamp"))
        self.number = row["number"]
        self.seconds = (end - start).total_seconds()
        self.arguments = dict(zip(columns, row["values"]))


class Server:
    """A server over the examples, with a data folder of its own."""

    def __init__(self, binary: Path, home: Path):
        (home / "sweep.toml").write_text(f"[clusters.local]\nslots = {PARALLEL}\n")
        key = "k-" + os.urandom(16).hex()
        credentials = {"SWEEP_USER": "accuracy", "SWEEP_API_KEY": key}
        options = ["--listen", "127.0.0.1:0", "--source", EXAMPLES, "--data", home / "data", "--config", home / "sweep.toml"]
        self.process = subprocess.Popen(
            [binary, "serve", *options], env=os.environ | credentials, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        address = next((line for line in self.process.stdout if line.startswith("Open ")), None)
        if address is None:
            raise SystemExit("the server ended before it was ready")
        self.origin = address.removeprefix("Open ").split("/start")[0]
        self.authorization = "Basic " + base64.b64encode(f"accuracy:{key}".encode()).decode()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def call(self, method: str, path: str, body: "dict | None" = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": self.authorization, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.origin}/v1/core/local/runs{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def launch(self, command: str, pilot: "str | None" = None) -> str:
        # Script, two blanks, and the arguments, as Grid's client writes them.
        options = {} if pilot is None else {"pilot": pilot}
        spec = {"runControllerCommand": command.replace(" ", "  ", 1), "sweepType": "grid_search", "sweepOptions": options}
        return self.call("POST", "", {"spec": spec})["id"]

    def release(self, run: str) -> None:
        self.call("POST", f"/{run}/release", {})

    def finish(self, run: str, held: bool = False) -> "list[Trial]":
        """Waits until nothing runs or waits, but for held trials where there may be some, and returns what has completed."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            status = self.call("GET", f"/{run}?brief=true")["status"]
            counts = status["experimentCounts"]
            if counts["failed"] or counts["cancelled"]:
                raise SystemExit(f"a trial has not completed: {counts}")
            if counts["running"] == 0 and counts["pending"] == (status["held"] if held else 0):
                page = self.call("GET", f"/{run}/trials?limit=1000&state=EXPERIMENT_STATE_SUCCEEDED")
                return [Trial(row, page["columns"]) for row in page["trials"]]
            time.sleep(0.2)
        raise SystemExit("the trials took too long")


if __name__ == "__main__":
    sys.exit(main())
