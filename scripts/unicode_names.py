#!/usr/bin/env python3
"""Writes src/sweep/literal/unicode-names.txt, the names that `\\N{NAME}` in a Python string may have.

`NAME;CODE` a line, sorted by name: all that Python's unicodedata finds by name but the Hangul syllables and the unified
ideographs, which follow a rule. unicodedata cannot list the aliases (`LINE FEED`, `NBSP`); the candidates come from Perl's copy
of the same database, and count where Python finds them.

    python3 scripts/unicode_names.py /usr/share/perl/*/unicore/Name.pl
"""
import pathlib
import sys
import unicodedata

RULED = ("CJK UNIFIED IDEOGRAPH-", "HANGUL SYLLABLE ")


def own_names():
    for code in range(0x110000):
        name = unicodedata.name(chr(code), "")
        if name and not name.startswith(RULED):
            yield name


def aliases(listing):
    for line in pathlib.Path(listing).read_text(encoding="utf-8").splitlines():
        if line and line.isascii() and all(c.isupper() or c.isdigit() or c in " -()" for c in line):
            yield line


def found(name):
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return ""


def main():
    names = set(own_names()).union(*map(aliases, sys.argv[1:]))
    # A name of several characters is refused by Python's own `\N`.
    table = {name: ord(found(name)) for name in names if len(found(name)) == 1 and not name.startswith(RULED)}
    target = pathlib.Path(__file__).parent.parent / "src/sweep/literal/unicode-names.txt"
    target.write_text("".join(f"{name};{code:X}\n" for name, code in sorted(table.items())), encoding="ascii")
    print(f"{len(table)} names of Unicode {unicodedata.unidata_version}")


main()
