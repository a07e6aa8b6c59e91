#!/usr/bin/env python3
"""Writes tests/data/argparse.json: which words argparse takes for the value before which it stands.

    python3 scripts/argparse_table.py

A row is [word, answers]: an answer for each of the three rules that CPython's ArgumentParser has had for
what looks like a negative number (its `_negative_number_matcher`), whether `--value WORD` and a positional
WORD are taken. All else is done by the argparse of the Python that runs this; the file names it.
"""

import argparse
import contextlib
import io
import json
import pathlib
import platform
import re

RULES = {
    "to 3.12.6": r"^-\d+$|^-\d*\.\d+$",
    "3.12.7 to 3.13": r"^-(?:\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)$",
    "from 3.14": r"-\.?\d",
}

WORDS = """
- -- --- -1 -0 -12 -1.5 -.5 -5. -0.00001 -1e-05 -1e5 -1E5 -1e+16 -1.5e-07 -.5e3 -1e -1_000 -1_000.5 -1._5 -1__0 -1_ -_1 -1.0_1
-.5_5 -1+2j -2j -1.5-2j -inf -Infinity -nan -a -ab -a=1 -a1 --b --b=1 -1,2 -1,-2 -1-2 -1:2 -1/2 -0x10 -0b1 -1a -1% -.a -. -..5
-.5.5 -1.2.3 -[1] -(1) -[ -$X -\u00b2 -\u2167 \u22121 +1 1 a -'a' -"a" -@ -1e400 -000 -01 -1] -range(3)
-uniform(0,1,2)
""".split()

WORDS += ["", "-a b", "-1 2", "- a", "-1e-5 ", " -1e-5", "-1\n", "-1.5\n", "-1\n\n", "-a\tb", "-1\t", "-1e-5\n", "-\n", "- "]


def taken(rule, word):
    answers = []
    for name in ("--value", "value"):
        parser = argparse.ArgumentParser(add_help=False)
        parser._negative_number_matcher = re.compile(rule)
        parser.add_argument(name)
        words = [name, word] if name.startswith("-") else [word]
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                answers.append(parser.parse_args(words).value == word)
        except SystemExit:
            answers.append(False)
    assert answers[0] == answers[1], (rule, word, answers)
    return answers[0]


def main():
    rows = [[word, [taken(rule, word) for rule in RULES.values()]] for word in WORDS]
    out = pathlib.Path(__file__).parent.parent / "tests/data/argparse.json"
    head = json.dumps({"python": platform.python_version(), "rules": RULES})[:-1]
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    out.write_text(f'{head}, "rows": [\n{lines}\n]}}\n')


main()
