#!/usr/bin/env python3
"""Whether trials that run at once fight for the cores: the same scikit-learn script as a trial alone, as two trials at once,
and as two processes that a shell starts, in rounds by turns; prints the medians.

    scripts/bench_threads.py SERVER FOLDER [ROUNDS]

SERVER is the built `sweep`; FOLDER is where the virtual environment with scikit-learn is made, once. On a machine with
more than two cores everything runs on the first two. Ends with 1 where two trials at once take more than 15 % longer than one
alone with as many threads.
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

BOUND = 1.15
SCRIPT = """
import sys
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier

rows, features = make_classification(n_samples=4000, n_features=20, random_state=int(sys.argv[1]))
for _ in range(2):
    model = HistGradientBoostingClassifier(max_iter=100, random_state=0).fit(rows, features)
print(f"accuracy={model.score(rows, features)}")
"""
VARIABLES = [f"{name}_NUM_THREADS" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")]


def main() -> int:
    server, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    python = scikit_learn(folder / "bench-sklearn")
    if python is None:
        return 0
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    for name in VARIABLES:
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary, "source")
        source.mkdir()
        (source / "fit.py").write_text(SCRIPT)
        (Path(temporary) / "sweep.toml").write_text(f'[clusters.local]\nslots = 2\npython = "{python}"\n')
        with Server(server, Path(temporary)) as running:
            return measure(running, python, source, rounds)


def measure(server: "Server", python: Path, source: Path, rounds: int) -> int:
    one_thread = dict.fromkeys(VARIABLES, "1")
    ways = {
        "one trial alone, one thread": lambda: server.run("fit.py  1", cpus=1),
        "two trials at once": lambda: server.run("fit.py  '[1, 2]'"),
        "two processes of a shell": lambda: processes(python, source, {}),
        "two processes of a shell, one thread each": lambda: processes(python, source, one_thread),
    }
    server.run("fit.py  1")  # so that no way pays for reading the libraries from the disk
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(1, rounds + 1):
        for way, run in ways.items():
            seconds[way].append(run())
            print(f"round {number} of {rounds}: {way:<42} {seconds[way][-1]:6.2f} s", flush=True)
    medians = {way: statistics.median(times) for way, times in seconds.items()}
    alone, at_once = list(medians.values())[:2]
    for way, median in medians.items():
        times = " ".join(f"{time:.2f}" for time in seconds[way])
        print(f"{way:<42} {median:6.2f} s   {median / alone:5.2f} times one alone   ({times})")
    fits = at_once <= alone * BOUND
    print(f"two trials at once take {at_once / alone:.2f} times what one alone takes; {BOUND} is the bound")
    return 0 if fits else 1


def processes(python: Path, source: Path, environment: dict[str, str]) -> float:
    """Seconds that the slower of two processes takes, begun at once by a shell."""
    command = f"{python} fit.py 1 & {python} fit.py 2 & wait"
    began = time.monotonic()
    subprocess.run(["sh", "-c", command], cwd=source, env=os.environ | environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def scikit_learn(folder: Path) -> Path | None:
    """The Python of a virtual environment with scikit-learn; None, in words, where there can be none."""
    python = folder / "bin/python3"
    if has_scikit_learn(python):
        return python
    print("scikit-learn is not there yet: installing it in", folder)
    made = subprocess.run([sys.executable, "-m", "venv", folder])
    if made.returncode == 0:
        made = subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "scikit-learn"])
    if made.returncode == 0 and has_scikit_learn(python):
        return python
    print("scikit-learn is missing and cannot be installed (it needs python3's venv and a registry): nothing is measured")
    return None


def has_scikit_learn(python: Path) -> bool:
    return python.exists() and subprocess.run([python, "-c", "import sklearn"], stderr=subprocess.DEVNULL).returncode == 0


class Server:
    """`sweep serve` on a free port."""

    def __init__(self, binary: Path, folder: Path):
        self.command = [binary, "serve", "--listen", "127.0.0.1:0", "--source", folder / "source"]
        self.command += ["--data", folder / "data", "--config", folder / "sweep.toml"]

    def __enter__(self) -> "Server":
        environment = os.environ | {"SWEEP_USER": "bench", "SWEEP_API_KEY": "bench-key", "RUST_LOG": "error"}
        self.process = subprocess.Popen(self.command, env=environment, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("Open http://"):
                self.address = line.split()[1].rsplit("/", 1)[0]
                return self
        raise SystemExit("the server did not start")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def run(self, command: str, cpus: int = 0) -> float:
        """Seconds that the slowest trial of a run takes, from its own start to its end."""
        spec = {"runControllerCommand": command, "instanceType": "m5a.large", "resources": {"cpu": cpus}}
        run = self.ask("/v1/core/local/runs", {"spec": spec})
        while True:
            time.sleep(0.2)
            trials = self.ask(f"/v1/core/local/runs/{run['id']}/trials")["trials"]
            if all(trial["finishTimestamp"] for trial in trials):
                break
        assert all(trial["exitCode"] == 0 for trial in trials), trials
        return max(moment(trial["finishTimestamp"]) - moment(trial["startTimestamp"]) for trial in trials)

    def ask(self, path: str, body: object = None) -> dict:
        login = base64.b64encode(b"bench:bench-key").decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


def moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


if __name__ == "__main__":
    sys.exit(main())
