#!/usr/bin/env python3
"""Writes tests/data/client_requests.json: what Grid's published client makes of the commands and config
files in tests/data/cases.

Run it with the client, on Python 3.9 or 3.8 (it needs PyYAML 5.4.1, which is built with Cython below 3):

    python3.9 -m venv V && echo 'Cython<3' > c.txt
    PIP_CONSTRAINT=c.txt V/bin/pip install lightning-grid==0.8.81 six && V/bin/python scripts/client_requests.py

Nothing is sent: the script takes the request where the client would. Each entry is {"text", "config"?, "request"},
request being the body of the client's POST, or null where the client refuses the command.
"""

import json
import os
import pathlib
import shlex
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOME = tempfile.mkdtemp()
os.environ.update(HOME=HOME, GRID_USER_ID="u", GRID_API_KEY="k", GRID_CLUSTER_ID="default", GRID_URL="http://127.0.0.1:9")

from grid.cli.cli import grid_run  # noqa: E402
from grid.sdk import runs  # noqa: E402


class Captured(BaseException):
    """The request, on its way past everything that catches exceptions."""


class Datastore:
    def __init__(self, name=None, version=None, cluster_id=None):
        self.id, self.name, self.version = name, name, version


class Repository:
    def __init__(self, path):
        pass

    def url(self):
        return ""

    def relative_working_dir(self):
        return None


class Client:
    def __init__(self, api_client):
        self.api_client = api_client

    def run_service_create_run(self, spec_cluster_id, body):
        raise Captured(json.dumps(self.api_client.sanitize_for_serialization(body), allow_nan=False))


def no_run(**_):
    raise KeyError


runs.GridRestClient = Client
runs.get_run_from_name = no_run
runs.GitRepository = Repository
runs.Datastore = Datastore
grid_run.fetch_datastore = Datastore


def request(argv):
    """The body of the request of one command, or None."""
    sys.argv = ["grid", *argv[1:]]
    try:
        grid_run.run.main(args=argv[2:], prog_name="grid run", standalone_mode=False)
    except Captured as captured:
        return json.loads(str(captured))
    except BaseException:
        return None
    raise AssertionError("the client sent nothing")


def cases():
    for name in ("commands", "words", "values", "config"):
        content = (ROOT / f"tests/data/cases/{name}.txt").read_text(encoding="utf-8")
        for case in content.split("\n====\n"):
            text, _, config = case.split("\n---\n")[0].partition("\n+++\n")
            if "\n" not in text and text.startswith("grid run ") and "`" not in text:
                yield text, config


def measured():
    for text, config in cases():
        try:
            argv = shlex.split(text)
        except ValueError:
            continue
        # What a shell does with the rest is not the client's.
        if any(c in text for c in ";&|<>$(){}*\\“”‘’–\u00a0#") and not config:
            continue
        for word in argv:
            if word.endswith((".py", ".sh", ".jl", ".PY")) and "/" not in word:
                pathlib.Path(word).touch()
        entry = {"text": text}
        if config:
            pathlib.Path("c.yml").write_text(config + "\n", encoding="utf-8")
            entry["config"] = config + "\n"
        elif "--config" in argv:
            continue
        name = [] if "--name" in argv else ["--name", "x"]
        entry["request"] = request(argv[:2] + name + argv[2:])
        yield entry


def main():
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    out, sys.stdout = sys.stdout, open(os.devnull, "w")
    entries = list(measured())
    sys.stdout = out
    lines = ",\n".join(json.dumps(entry, sort_keys=True) for entry in entries)
    (ROOT / "tests/data/client_requests.json").write_text(f"[\n{lines}\n]\n", encoding="ascii")
    refused = sum(entry["request"] is None for entry in entries)
    print(f"{len(entries)} commands, {refused} of them refused")


if __name__ == "__main__":
    main()
