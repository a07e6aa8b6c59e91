#!/usr/bin/env python3
"""Whether a server answers the page while callers and trials try to stop it: 2,000 callers that send nothing or half a request,
each of which comes back when it is dropped, 600 requests that hang up, and a trial of every hostile kind
(server/tests/data/attack_scripts.jsonl), all at once. Prints how long the page takes to be answered (p50, p99, max) for as long as
hostile trials run, and whether an honest sweep beside them runs to its end.

    scripts/bench_hostile.py SERVER [SECONDS]

SERVER is the built `sweep`. It goes on for SECONDS (30) and until all trials have ended. Needs 2,700 descriptors (the soft limit is
raised where the hard one allows it). Ends with 1 where p99 is above 100 ms, a request of the page fails, or the honest sweep does not
end well.
"""

import asyncio
import base64
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

BOUND_MILLIS = 100
IDLE_CALLERS = 2000
HUNG_UP = 600
HONEST_TRIALS = 20
# How long trials may take before the measurement is given up, in seconds.
PATIENCE = 600
SCRIPTS = Path(__file__).parent.parent / "server/tests/data/attack_scripts.jsonl"
KEY = "a-key-for-this-measurement"
PAGE = "<!doctype html><title>page</title>" + "<p>text</p>" * 200


def main() -> int:
    server, seconds = Path(sys.argv[1]).resolve(), float(sys.argv[2]) if len(sys.argv) > 2 else 30.0
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = min(hard, 8192) if hard != resource.RLIM_INFINITY else 8192
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    rows = [json.loads(line) for line in SCRIPTS.read_text().splitlines()]
    home = Path(tempfile.mkdtemp())
    try:
        return measure_in(home, server, rows, hard, seconds)
    finally:
        # Of folders as deep as trials make them, Python's own removal makes an error.
        subprocess.run(["rm", "-rf", home], check=False)


def measure_in(home: Path, server: Path, rows: list[dict], hard: int, seconds: float) -> int:
    for name in ["source", "page"]:
        (home / name).mkdir()
    (home / "page/index.html").write_text(PAGE)
    (home / "source/honest.py").write_text("import sys, time\ntime.sleep(0.2)\nprint(f'loss={sys.argv[-1]}')\n")
    # So many that all hostile trials run at once, and some honest ones beside them.
    (home / "sweep.toml").write_text(f"[clusters.local]\nslots = {len(rows) + 4}\n")
    arguments = [server, "serve", "--listen", "127.0.0.1:0", "--source", home / "source", "--data", home / "data"]
    arguments += ["--page", home / "page", "--config", home / "sweep.toml"]
    environment = os.environ | {"SWEEP_USER": "ada", "SWEEP_API_KEY": KEY, "RUST_LOG": "error"}
    # As people start it: with the usual limit of 1,024 descriptors.
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))  # noqa: E731
    process = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True, preexec_fn=limit)
    try:
        assert process.stdout is not None
        address = next(line for line in process.stdout if line.startswith("Open http://"))
        address = address.removeprefix("Open http://").split("/")[0]
        return asyncio.run(measure(Server(address, home, process.pid), rows, seconds))
    finally:
        process.terminate()
        process.wait()


class Server:
    def __init__(self, address: str, home: Path, process: int) -> None:
        self.address, self.home, self.process = address, home, process
        host, port = address.split(":")
        self.host, self.port = host, int(port)

    def call(self, method: str, path: str, body: object = None) -> dict:
        pair = base64.b64encode(f"ada:{KEY}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.address}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def launch(self, command: str) -> str:
        spec = {"runControllerCommand": command, "sweepType": "grid_search", "sweepOptions": {"time_limit": 60}}
        return self.call("POST", "/v1/core/local/runs", {"spec": spec})["id"]

    def write_hostile(self, rows: list[dict]) -> None:
        for number, row in enumerate(rows):
            script = row["script"].replace("{server}", str(self.process)).replace("{data}", str(self.home / "data"))
            script = script.replace("{host}", self.address).replace("{run}", "none")
            (self.home / f"source/hostile{number}.sh").write_text(script)

    def counts(self, run: str) -> dict:
        return self.call("GET", f"/v1/core/local/runs/{run}?brief=true")["status"]["experimentCounts"]

    def have_ended(self, runs: list[str]) -> bool:
        every = map(self.counts, runs)
        return not any(counts.get("pending") or counts.get("running") for counts in every)


async def measure(server: Server, rows: list[dict], seconds: float) -> int:
    apart = asyncio.get_running_loop().run_in_executor
    print(f"alone: {describe([await answer_of_page(server) for _ in range(200)])}", flush=True)
    server.write_hostile(rows)
    # Apart, so that what they cost the client does not count as the server's.
    dropped = multiprocessing.Value("i", 0)
    idle = multiprocessing.Process(target=call_all_idly, args=(server.host, server.port, dropped), daemon=True)
    idle.start()
    runs: list[str] = []

    async def work() -> str:
        """Launches everything, and waits until all of it has ended."""
        await asyncio.gather(*(hang_up(server) for _ in range(HUNG_UP)))
        for number in range(len(rows)):
            runs.append(await apart(None, server.launch, f"hostile{number}.sh "))
        honest = await apart(None, server.launch, f"honest.py  --x 'range({HONEST_TRIALS})'")
        while not await apart(None, server.have_ended, [*runs, honest]):
            await asyncio.sleep(1)
        return honest

    working, times, failures, begun = asyncio.create_task(work()), [], 0, time.monotonic()
    beside: list[float] = []
    while time.monotonic() - begun < seconds or not working.done():
        if time.monotonic() - begun > PATIENCE:
            break
        try:
            times.append(await answer_of_page(server))
        except (OSError, ValueError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            failures += 1
            print(f"the page was not answered: {error!r}", flush=True)
        if not working.done():
            beside = list(times)
        await asyncio.sleep(0.01)
    took = time.monotonic() - begun
    idle.kill()
    if not working.done():
        print(f"the trials have not ended in {PATIENCE} seconds")
        return 1
    if (error := working.exception()) is not None:
        print(f"a launch or a question about it has failed: {error!r}")
        return 1
    honest = server.counts(working.result())
    print(f"{IDLE_CALLERS} idle callers (dropped and back {dropped.value} times), {HUNG_UP} hung-up requests, {len(rows)} hostile trials; {took:.0f} s")
    print(f"while trials run: {describe(beside)}")
    print(f"all the time: {describe(times)}, {failures} failed")
    print(f"the honest sweep: {honest}; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    good = honest.get("succeeded") == HONEST_TRIALS
    return 0 if good and not failures and percentile_99(beside) <= BOUND_MILLIS else 1


def call_all_idly(host: str, port: int, dropped) -> None:
    async def call_all() -> None:
        await asyncio.gather(*(call_idly(host, port, number, dropped) for number in range(IDLE_CALLERS)))

    asyncio.run(call_all())


async def call_idly(host: str, port: int, number: int, dropped) -> None:
    """Sends nothing or half a request, and comes back whenever it is dropped."""
    while True:
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 30)
            if number % 2:
                writer.write(b"GET / HTTP/1.1\r\nHost: a")
            await reader.read(-1)
            writer.close()
        except (OSError, asyncio.TimeoutError):
            pass
        dropped.value += 1
        await asyncio.sleep(1)


async def hang_up(server: Server) -> None:
    """Sends a request and leaves before its answer."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(server.host, server.port), 30)
        writer.write(f"GET / HTTP/1.1\r\nHost: {server.address}\r\n\r\n".encode())
        writer.transport.abort()
    except (OSError, asyncio.TimeoutError):
        pass


async def answer_of_page(server: Server) -> float:
    """Milliseconds from a new connection to the whole answer of the page's first file."""
    begun = time.monotonic()
    reader, writer = await asyncio.wait_for(asyncio.open_connection(server.host, server.port), 10)
    writer.write(f"GET / HTTP/1.1\r\nHost: {server.address}\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(-1), 10)
    writer.close()
    if b" 200 " not in answer[:20] or not answer.endswith(b"</p>"):
        raise ValueError(answer[:100])
    return (time.monotonic() - begun) * 1000


def percentile_99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


def describe(times: list[float]) -> str:
    return f"p50 {statistics.median(times):.1f} ms, p99 {percentile_99(times):.1f} ms, max {max(times):.1f} ms ({len(times)} requests)"


if __name__ == "__main__":
    sys.exit(main())
