#!/usr/bin/env python3
"""Whether a server answers the page while callers and trials try to stop it: 2,000 callers that send nothing, 600 requests that
hang up, and trials of every hostile kind (server/tests/data/attack_scripts.jsonl), all at once. Prints how long the page takes
to be answered (p50, p99, max), and whether an honest sweep runs to its end.

    scripts/bench_hostile.py SERVER [SECONDS]

SERVER is the built `sweep`. Needs 2,700 descriptors (the soft limit is raised where the hard one allows it). Ends with 1 where
p99 is above 100 ms, a request of the page fails, or the honest sweep does not end well.
"""

import asyncio
import base64
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

BOUND_MILLIS = 100
IDLE_CALLERS = 2000
HUNG_UP = 600
SCRIPTS = Path(__file__).parent.parent / "server/tests/data/attack_scripts.jsonl"
KEY = "a-key-for-this-measurement"


def main() -> int:
    server, seconds = Path(sys.argv[1]).resolve(), float(sys.argv[2]) if len(sys.argv) > 2 else 30.0
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = min(hard, 8192) if hard != resource.RLIM_INFINITY else 8192
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary, "source")
        source.mkdir()
        (source / "honest.py").write_text("import sys, time\ntime.sleep(0.2)\nprint(f'loss={sys.argv[-1]}')\n")
        (Path(temporary) / "sweep.toml").write_text("[clusters.local]\nslots = 4\n")
        arguments = [server, "serve", "--listen", "127.0.0.1:0", "--source", source, "--data", Path(temporary, "data")]
        arguments += ["--config", Path(temporary, "sweep.toml")]
        environment = os.environ | {"SWEEP_USER": "ada", "SWEEP_API_KEY": KEY, "RUST_LOG": "error"}
        # As people start it: with the usual limit of 1,024 descriptors.
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))  # noqa: E731
        process = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True, preexec_fn=limit)
        try:
            assert process.stdout is not None
            address = next(line for line in process.stdout if line.startswith("Open http://"))
            address = address.removeprefix("Open http://").split("/")[0]
            return asyncio.run(measure(Server(address, source, process.pid, Path(temporary, "data")), seconds))
        finally:
            process.terminate()
            process.wait()


class Server:
    def __init__(self, address: str, source: Path, process: int, data: Path) -> None:
        self.address, self.source, self.process, self.data = address, source, process, data
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

    def ended(self, run: str) -> dict | None:
        counts = self.call("GET", f"/v1/core/local/runs/{run}?brief=true")["status"]["experimentCounts"]
        return counts if not counts.get("pending") and not counts.get("running") else None


async def measure(server: Server, seconds: float) -> int:
    await answer_of_page(server)
    print(f"alone: {describe([await answer_of_page(server) for _ in range(200)])}", flush=True)
    rows = [json.loads(line) for line in SCRIPTS.read_text().splitlines()]
    idle = [await connect(server, b"" if number % 2 else b"GET / HTTP/1.1\r\nHost: a") for number in range(IDLE_CALLERS)]
    await asyncio.gather(*(hang_up(server) for _ in range(HUNG_UP)))
    loop = asyncio.get_running_loop()
    for number, row in enumerate(rows):
        script = row["script"].replace("{server}", str(server.process)).replace("{data}", str(server.data))
        (server.source / f"hostile{number}.sh").write_text(re.sub(r"\{host\}", server.address, script))
        await loop.run_in_executor(None, server.launch, f"hostile{number}.sh ")
    honest = await loop.run_in_executor(None, server.launch, "honest.py  --x 'range(20)'")
    times, failures, counts, begun = [], 0, None, time.monotonic()
    while time.monotonic() - begun < seconds or (counts is None and time.monotonic() - begun < 600):
        try:
            times.append(await answer_of_page(server))
        except (OSError, ValueError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            failures += 1
            print(f"the page was not answered: {error!r}", flush=True)
        if counts is None and len(times) % 50 == 0:
            counts = await loop.run_in_executor(None, server.ended, honest)
        await asyncio.sleep(0.01)
    alive = sum(writer is not None and not writer.is_closing() for _, writer in idle)
    print(f"beside {IDLE_CALLERS} idle callers ({alive} connected at first), {HUNG_UP} hung-up requests and {len(rows)} hostile trials: {describe(times)}, {failures} failed")
    print(f"the honest sweep: {counts}")
    good = counts is not None and counts.get("succeeded") == 20
    p99 = statistics.quantiles(times, n=100)[98]
    return 0 if good and not failures and p99 <= BOUND_MILLIS else 1


async def connect(server: Server, first: bytes):
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(server.host, server.port), 30)
        if first:
            writer.write(first)
        return reader, writer
    except OSError:
        return None, None


async def hang_up(server: Server) -> None:
    """Sends a request and leaves before its answer."""
    _, writer = await connect(server, f"GET / HTTP/1.1\r\nHost: {server.address}\r\n\r\n".encode())
    if writer is not None:
        writer.transport.abort()


async def answer_of_page(server: Server) -> float:
    """Milliseconds from a new connection to the whole answer of the page's first file."""
    begun = time.monotonic()
    reader, writer = await asyncio.wait_for(asyncio.open_connection(server.host, server.port), 10)
    writer.write(f"GET / HTTP/1.1\r\nHost: {server.address}\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(-1), 10)
    writer.close()
    if b" 200 " not in answer[:20]:
        raise ValueError(answer[:100])
    return (time.monotonic() - begun) * 1000


def describe(times: list[float]) -> str:
    cuts = statistics.quantiles(times, n=100)
    return f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, max {max(times):.1f} ms ({len(times)} requests)"


if __name__ == "__main__":
    sys.exit(main())
