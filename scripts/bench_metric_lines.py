#!/usr/bin/env python3
"""What a trial costs that prints 10^6 lines with a metric, form by form: from its launch until all its points are stored.

    scripts/bench_metric_lines.py SERVER [BEFORE]

SERVER is the built `sweep`, BEFORE one of a commit before, whose time for lines `step=N loss=X` is what the forms are
compared with (without it SERVER's own is). The lines are read from a file and written in large pieces, so that the time is the
server's and the supervisor's, not the script's.
"""

import base64
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

LINES = int(os.environ.get("LINES", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
BASE = "step=N loss=X"
FORMS = {
    BASE: lambda n: f"step={n} loss=0.{n:06}\n",
    "Iteration N, loss = X": lambda n: f"Iteration {n}, loss = 0.{n:06}\n",
    "epoch N loss X": lambda n: f"epoch {n} loss 0.{n:06}\n",
    "Epoch: N/M, Loss: X": lambda n: f"Epoch: {n}/1000000, Loss: 0.{n:06}\n",
    "[N]<tab>train-rmse:X": lambda n: f"[{n}]\ttrain-rmse:0.{n:06}\n",
    "{'loss': 'X', 'epoch': 'N'}": lambda n: f"{{'loss': '0.{n:06}', 'epoch': '{n}'}}\n",
    '{"step": N, "loss": X}': lambda n: f'{{"step": {n}, "loss": 0.{n:06}}}\n',
    "Train Epoch: N [a/b (c%)]<tab>Loss: X": lambda n: f"Train Epoch: {n} [640/60000 (1%)]\tLoss: 0.{n:06}\n",
    "a row of a table": lambda n: ("epoch  train_loss\n" if n == 0 else "") + f"{n:5}      0.{n:06}\n",
    "date - INFO - step N loss X": lambda n: f"2026-01-01 12:00:00,123 - INFO - step {n} loss 0.{n:06}\n",
    "step=N loss=tensor(X)": lambda n: f"step={n} loss=tensor(0.{n:06})\n",
    "colours around step N loss: X": lambda n: f"\x1b[32mstep {n}\x1b[0m loss: \x1b[1m0.{n:06}\x1b[0m\n",
}
SCRIPT = "import shutil, sys\nshutil.copyfileobj(open(sys.argv[1], 'rb'), sys.stdout.buffer, 1 << 16)\n"
KEY = "k" * 40


class Server:
    """A server over the files of the forms."""

    def __init__(self, binary: str, source: Path, data: str):
        environment = {**os.environ, "SWEEP_USER": "ada", "SWEEP_API_KEY": KEY}
        command = [binary, "serve", "--listen", "127.0.0.1:0", "--source", str(source), "--data", data]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
        self.address = re.search(r"http://[^/]+", self.process.stdout.readline()).group(0)

    def call(self, method: str, path: str, body=None):
        headers = {
            "Authorization": "Basic " + base64.b64encode(f"ada:{KEY}".encode()).decode(),
            "Content-Type": "application/json",
        }
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(self.address + path, method=method, data=data, headers=headers)
        return json.loads(urllib.request.urlopen(request).read())

    def seconds(self, file: str) -> tuple[float, int]:
        """How long a trial takes, and how many points it has."""
        started = time.monotonic()
        spec = {"runControllerCommand": f"print.py  {file}", "instanceType": "m5a.large"}
        run = self.call("POST", "/v1/core/local/runs", {"spec": spec})
        while True:
            counts = self.call("GET", f"/v1/core/local/runs/{run['id']}")["status"]["experimentCounts"]
            if counts["pending"] + counts["running"] == 0:
                break
            time.sleep(0.02)
        took = time.monotonic() - started
        trial = self.call("GET", f"/v1/core/local/runs/{run['id']}/trials?limit=1")["trials"][0]
        series = self.call("GET", f"/v1/core/local/experiments/{trial['id']}/metrics?points=5")["series"]
        return took, sum(one["total"] for one in series)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary, "source")
        source.mkdir()
        (source / "print.py").write_text(SCRIPT)
        for at, form in enumerate(FORMS.values()):
            # Outside of the source, which is copied for each trial.
            Path(temporary, f"{at}.txt").write_text("".join(map(form, range(LINES))))
        servers = [Server(binary, source, f"{temporary}/data{at}") for at, binary in enumerate(sys.argv[1:])]
        try:
            return measure(servers, temporary)
        finally:
            for server in servers:
                server.stop()


def measure(servers: list[Server], folder: str) -> int:
    times: dict[str, list[float]] = {name: [] for name in FORMS}
    before: list[float] = []
    points = {}
    for _ in range(ROUNDS):
        before.append(servers[-1].seconds(f"{folder}/0.txt")[0])
        for at, name in enumerate(FORMS):
            took, points[name] = servers[0].seconds(f"{folder}/{at}.txt")
            times[name].append(took)
    base = statistics.median(before)
    print(f"{LINES:,} lines, medians of {ROUNDS} rounds; {BASE} before: {base:.2f} s")
    worst = 0.0
    for name, all_times in times.items():
        took = statistics.median(all_times)
        worst = max(worst, took / base)
        print(f"  {name:<40} {took:6.2f} s  {took / base:5.2f} times  {points[name]:>9,} points")
    return int(worst > 2)


sys.exit(main())
