#!/usr/bin/env python3
"""Writes the seed corpus of every target from the texts that the project's tests already hold.

The cases of tests/data/cases, the commands of the seed document, and the expressions of the
conformance vectors; each text in a file named by its hash, so that running it again adds nothing.
"""

import hashlib
import io
import json
import pathlib
import re
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent / "tests" / "data"

RUN_TIMES = """10 minutes;1h 30m;90 s;1.5 h;2 days;1:30:00;minutes = 10
minutes = 40 * epochs / batch_size;hours = max(1, min(x, 2 ^ -y)) + 3
seconds = ceil(sqrt(arg1)) * log(1e3) - exp(-0.5);seconds = floor(n / 2)"""
CONDITIONS = """batch_size * layers <= 64;optimizer == "sgd" or momentum == 0
not (a < b and c != 'x') or x >= 1e-3;-x ^ 2 > +1"""
RANGES = ["0-3,7", "", "5", "1, 3-9 ,4", "0-340282366920938463463374607431768211455"]


def characters(case):
    """The character itself for each `<U+00AD>`, as tests/cases.rs reads them."""
    return re.sub(r"<U\+([0-9A-F]+)>", lambda found: chr(int(found[1], 16)), case)


def commands():
    for path in sorted((DATA / "cases").glob("*.txt")):
        for case in characters(path.read_text()).split("\n====\n"):
            yield case.split("\n---\n")[0].split("\n+++\n")[0]
    document = (DATA / "seed_document.rst.txt").read_text()
    for block in re.findall(r"\.\. code:: bash\n\n((?:    +.*\n|\n)+)", document):
        yield "\n".join(line.strip() for line in block.strip().splitlines())


def expressions():
    for name in ["python_values.json", "numpy_vectors.json", "numpy_more.json"]:
        content = json.loads((DATA / name).read_text())
        seen = set()
        for group in content.values():
            for entry in group if isinstance(group, list) else []:
                if isinstance(entry, dict) and isinstance(entry.get("expr"), str):
                    seen.add(entry["expr"])
        yield from sorted(seen)


def configs():
    for case in characters((DATA / "cases" / "config.txt").read_text()).split("\n====\n"):
        text = case.split("\n---\n")[0]
        command, separator, yaml = text.partition("\n+++\n")
        command = command.replace("\n", "; ")
        yield f"{command}\n{yaml}" if separator else text
    for scalar, *_ in json.loads((DATA / "pyyaml.json").read_text())["scalars"]:
        yield f"grid run --config c.yml f.py\nhyper_params: {{params: {{--x: {scalar}}}}}"


def streams():
    """The output of frameworks, whole and line by line, and the printed lines of docs/metrics.md."""
    for case in json.loads((DATA / "framework_lines.json").read_text())["cases"]:
        yield case["text"][:2000]
        yield from sorted(set(re.split("[\r\n]", case["text"][:4000])))[:20]
    for row in (HERE.parent / "docs" / "metrics.md").read_text().split("## What was tried")[0].splitlines():
        if row.startswith("| `"):
            printed = row[3:].split("` | ")[0].replace("\\|", "|")
            for sign, letter in {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\e": "\x1b"}.items():
                printed = printed.replace(sign, letter)
            yield printed


def metric_files():
    """Files that frameworks and TensorBoard wrote; of event files also the data of each record."""
    folder = HERE.parent / "server" / "tests" / "data" / "metric_files"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".py":
            data = path.read_bytes()[:4000]
            yield data
            if "tfevents" in path.name:
                at = 0
                while at + 12 < len(data):
                    end = at + 12 + int.from_bytes(data[at : at + 8], "little")
                    yield data[at + 12 : end]
                    at = end + 4


def archives():
    """Small archives in each format, with each kind of entry that a source may and may not have."""
    kinds = [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]
    for form in [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]:
        for mode in ["w", "w:gz"]:
            for name in ["a/b.py", "../x", "é" * 40]:
                packed = io.BytesIO()
                with tarfile.open(fileobj=packed, mode=mode, format=form) as tar:
                    for kind in kinds:
                        entry = tarfile.TarInfo(name + kind.decode())
                        entry.type, entry.linkname = kind, name + "0"
                        content = b"print(1)" if kind == tarfile.REGTYPE else b""
                        entry.size = len(content)
                        tar.addfile(entry, io.BytesIO(content))
                yield packed.getvalue()


def shell(text):
    return '"' + text + '"' if not re.search(r'["$`\\]', text) else "'" + text.replace("'", "'\"'\"'") + "'"


def split(texts):
    return re.split(r"[;\n]", texts)


def write(target, texts):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for text in texts:
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)
        count += 1
    print(f"{target}: {count} texts")


def main():
    texts, values = list(commands()), list(expressions())
    swept = [f"grid run file.py --x {shell(value)}" for value in values]
    write("text_to_trials", texts + swept)
    write("fixes", texts + swept[::10])
    write("wire", [re.sub(r"^grid run ", "", text) for text in texts] + [f"file.py  --x {shell(v)}" for v in values])
    write("formula", split(RUN_TIMES) + split(CONDITIONS))
    write("estimate", [f"{run_time}\n{text}" for run_time in split(RUN_TIMES) for text in texts[::7]])
    write("values", values + RANGES)
    write("config", configs())
    write("metric_stream", streams())
    write("event_file", metric_files())
    write("metric_file", metric_files())
    write("archive", archives())


main()
