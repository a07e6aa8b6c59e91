#!/usr/bin/env python3
"""Writes tests/data/pyyaml.json: what PyYAML's safe loader makes of plain scalars and of documents.

Run it with the PyYAML that Grid's client 0.8.81 has:

    python3.9 -m venv V && V/bin/pip install PyYAML==5.4.1 && V/bin/python scripts/pyyaml_table.py

Each scalar is loaded as the value in `k: TEXT`. A row is [text, type, str, repr], or [text, null] where
loading fails. Each document is loaded as `params` of a config file; a row is [yaml, command], where
command is what the client puts behind the script's arguments, or null where loading fails.
"""

import json
import pathlib
import random

import yaml

SCALARS = """
~ null Null NULL nULL none None nil
true True TRUE tRUE false False FALSE yes Yes YES yEs no No NO on On ON oN off Off OFF y Y n N t f
0 00 -0 +0 1 12 -1 +1 +-1 1_000 1_ _1 1__0 0_ 0_7 007 010 -010 08 09 019 0o17 0O17 0b101 0b12 0b 0b_ 0b_1 -0b11 +0b1 0B1
0x1F 0xff 0xFF 0xg 0x 0x_ -0xff 0X1f 1:30 01:30 -1:30 +1:30 1:60 1:5 1:05 190:20:30 1_0:30 1:3_0 9:99 10:30:45 1: 1:2:3:4
123456789012345678901234567890 -9223372036854775809 9007199254740993
1.0 1. .5 -.5 +.5 -1.5 +1.5 1_0.5 1.5_0 1.e+3 1.0e5 1.0e+5 1.0e-5 1.0E+5 1e5 1e-5 1E-5 1e+5 .5e+3 .5e3 -.5e+3 1.5e+ 1.5e+400
1.5e-400 0.1 0.10 00.5 08.5 1._ ._ ._1 . .. ... -. +. .e+1 1.2.3 1.0e+5.0 1e5.0 0x1.8 1,5 3.14159 1e400 1.7976931348623157e+308
.inf -.inf +.inf .Inf .INF .iNF inf .nan .NaN .NAN .Nan -.nan nan 1:30.5 -1:30.5 1:60.5 190:20:30.15 1:30. 0:0.1 01:30.5
2001-12-14 2001-1-1 2001-02-29 2000-02-29 1900-02-29 2001-13-01 2001-12-32 0000-01-01 0001-01-01 9999-12-31 2001-12-1 20011214
2001-12-14t21:59:43.10-05:00 2001-12-14T21:59:43Z 2001-12-14T21:59:43 2001-12-14T21:59 2001-12-14T1:59:43 2001-12-14T24:00:00
2001-12-14T21:60:00 2001-12-14T21:59:43.123456789 2001-12-14T21:59:43. 2001-12-14T21:59:43+05 2001-12-14T21:59:43+5
2001-12-14T21:59:43-00:30 2001-12-14T21:59:43+23:59 2001-12-14T21:59:43+24:00 2001-12-14T21:59:43+00:00 2001-12-14T00:00:00
2001-12-14T21:59:43-23:59 2001-1-1T1:02:03 2001-12-14T21:59:00.5 2001-12-14T21:59:43+00:99
= < <= =1 << <<< -1- a-b a:b a::b http://a/b?c=d#e 1a 1e 1-2 1+2 1/2 1% $1 (1) a,b [a b 1e-3 1.2.3.4 v1.0 --lr -5 +x ~a
uniform(1e-5,1e-1,3) range(10) None True,False é ñ 日本 🚀 \\n a\\b
""".split()

SCALARS += [
    "", "a b", "2001-12-14 21:59:43.10 -5", "2001-12-14  21:59:43", "2001-12-14 21:59:43 Z", "2001-12-14 21:59:43 +1",
    "2001-12-14t21:59:43 -05:30", "uniform(1e-5, 1e-1, 3)", "range(1, 10)", "1 2", "1 000", "- 1x", "a 'b' \"c\"", "it's", "x # no",
    "np.random.uniform(0, 1, 2)", "1:30 h", "yes please", "null value", "0x 1", "a\tb",
]

DOCUMENTS = [
    "--lr: [0.1, 0.2]\n--note: a b\n--flag: x\n",
    "--lr: \"[0.1, 0.2]\"\n",
    "--a: [on, 1:30, 1e-5, 1.0e-5, ~, 'x', \"it's\", 0x10, 2001-12-14]\n",
    "--a:\n- 1\n- [2, 3]\n- {k: v, 1: 2}\n",
    "--a: {x: 1, y: [a, b]}\n",
    "--a: []\n--b: {}\n--c:\n--d: ''\n--e: ~\n",
    "--a: |\n  one\n  two\n",
    "--a: >\n  one\n  two\n\n  three\n",
    "--a: |-\n  one\n--b: >-\n  two\n   more\n  three\n",
    "--a: |+\n  one\n\n--b: 1\n",
    "--a: |2\n   one\n  two\n",
    "--a: |\n  no line end",
    "--a: >+\n  no line end",
    "--a: plain\n  goes on\n  # a comment\n",
    "--a: plain\n  goes on\n\n  here\n--b: 1\n",
    "--a: 'single ''quoted'' \\n'\n--b: \"double \\\"quoted\\\" \\n \\x41 \\u00e9 \\U0001F680 \\/ \\e\"\n",
    "--a: 'over\n  lines\n\n  twice'\n--b: \"over \\\n  lines\"\n",
    "--a: \"under\nindented\"\n",
    "--a: &x [1, 2]\n--b: *x\n",
    "base: &b {--lr: 1, --n: 2}\n<<: *b\n--n: 3\n--z: 4\n",
    "a: &a {k: 1, l: 1}\nb: &b {k: 2, m: 2}\n<<: [*a, *b]\n",
    "--x: 1\n<<: {--y: 2, <<: {--z: 3}}\n",
    "<<: {--a: 1}\n<<: {--a: 2, --b: 2}\n--c: 3\n",
    "<<: [{--a: 1}, 2]\n",
    "<<: 1\n",
    "'<<': 1\n",
    "--a: <<\n",
    "--a: =\n",
    "=: 1\n",
    "--a: 1\n--b: 2\n--a: 3\n",
    "1: a\ntrue: b\n1.0: c\n1.5: d\n~: e\n2001-12-14: f\n",
    "yes: 1\nYES: 2\n'yes': 3\n",
    "? --a\n: 1\n? --b\n",
    "? [a]\n: 1\n",
    "? {a: b}\n: 1\n",
    "{--a: 1, --b: [x, y], --c}\n",
    "{--a: 1, }\n",
    "{\"--a\":1, '--b':2}\n",
    "{--a:1}\n",
    "[--a: 1, --b: 2]\n",
    "--a: [1, 2,\n3, 4\n]\n",
    "--a: [a: 1, b]\n",
    "--a: [a, , b]\n",
    "--a: [a,]\n",
    "--a: {a, b: }\n",
    "--a: !!str 5\n--b: !!int '7'\n--c: !!float 5\n--d: !!bool 'On'\n--e: !!null x\n--f: ! 5\n--g: !!timestamp '2001-1-1'\n",
    "--a: !!int 0o17\n",
    "--a: !!int abc\n",
    "--a: !!bool maybe\n",
    "--a: !!float x\n",
    "--a: !!int 1_0\n--b: !!int '1:30'\n--c: !!float '1:30'\n--d: !!float '.inf'\n--e: !!int ' 5'\n",
    "--a: !!seq [1]\n--b: !!map {c: d}\n",
    "--a: !mine 5\n",
    "--a: !!python/object:os.system x\n",
    "--a: &x [*x]\n",
    "--a: *nothing\n",
    "--a: @x\n",
    "--a: `x`\n",
    "--a: %x\n",
    "--a: x: y\n",
    "--a: 'x\n",
    "--a: [x\n",
    "--a: {x\n",
    "--a: ]\n",
    "--a:\t1\n",
    "--a: 1\t# comment\n",
    "--a: 1 #\tcomment\n",
    "--a: \"a\tb\"\n",
    "--a: a\tb\n",
    "--a: |\n  a\tb\n",
    "\t--a: 1\n",
    "--a:\n\t- 1\n",
    "--a: 1\n --b: 2\n",
    "  --a: 1\n  --b: 2\n",
    "  --a: 1\n--b: 2\n",
    "--a: 1\n\n\n# comment\n\n--b: 2 # comment\n",
    "--a: 1#2\n--b: '1' # 2\n",
    "--a: a #b\n",
    "---\n--a: 1\n",
    "--- \n--a: 1\n...\n",
    "%YAML 1.1\n---\n--a: 1\n",
    "%YAML 1.2\n---\n--a: on\n",
    "%TAG ! tag:yaml.org,2002:\n---\n--a: !str 5\n",
    "--a: 1\n---\n--b: 2\n",
    "--a: 1\r\n--b: 2\r\n",
    "--a: |\r\n  x\r\n  y\r\n",
    "\ufeff--a: 1\n",
    "--a: \x07\n",
    "--a: \u00a0x\n",
    "--a: \"\\ud83d\\ude80\"\n",
    ": 1\n",
    "--a: - 1\n",
    "- --a: 1\n",
    "--a\n",
    "",
    "# nothing\n",
    "--a: -\n",
    "--a: ?\n",
    "--a: ?x\n--b: -x\n--c: :x\n",
    "--a: [?x, -x, :x]\n",
    "--a: [a:b, 'c':d]\n",
    "--" + "k" * 200 + ": 1\n",
    "--a: [" + ", ".join(map(str, range(700))) + "]\n",
    "--a: " + "x " * 900 + "\n",
    "".join(f"--k{i}: {i}\n" for i in range(300)),
]


def loaded(text):
    """The value of a document, or the error."""
    try:
        return yaml.safe_load(text), None
    except Exception as error:  # as the client catches it
        return None, error


def scalar(text):
    value, error = loaded(f"k: {text}\n")
    if error or not isinstance(value, dict) or list(value) != ["k"]:
        return [text, None]
    value = value["k"]
    return [text, type(value).__name__, str(value), repr(value)]


def document(text):
    params, error = loaded(text)
    if error or not isinstance(params, dict):
        return [text, None]
    return [text, "".join(f" {key} {params[key]}" for key in params)]


def near_misses(count):
    """Scalars one or two edits away from those above."""
    rng = random.Random(1)
    letters = "0123456789" * 2 + "._:+-eEx~ nuloyfTZ"
    known, found = set(SCALARS), []
    while len(found) < count:
        text = rng.choice(SCALARS)
        for _ in range(rng.randint(1, 2)):
            at = rng.randrange(len(text) + 1)
            cut = rng.randint(0, 1)
            text = text[:at] + rng.choice(["", rng.choice(letters)]) + text[at + cut:]
        if text not in known and text == text.strip() and ": " not in text and " #" not in text:
            known.add(text)
            found.append(text)
    return found


def rows(items):
    return ",\n".join(json.dumps(item) for item in items)


def main():
    target = pathlib.Path(__file__).parent.parent / "tests/data/pyyaml.json"
    scalars = [scalar(text) for text in dict.fromkeys(SCALARS + near_misses(1800))]
    documents = [document(text) for text in DOCUMENTS]
    target.write_text(
        f'{{"pyyaml": "{yaml.__version__}",\n"scalars": [\n{rows(scalars)}\n],\n"documents": [\n{rows(documents)}\n]}}\n',
        encoding="ascii",
    )
    print(f"{len(scalars)} scalars and {len(documents)} documents in {target}")


if __name__ == "__main__":
    main()
