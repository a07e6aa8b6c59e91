#!/usr/bin/env bash
# Measures what must be fast.
source "$(dirname "$0")/lib.sh"
source scripts/tools.sh
need_rust
cargo bench --workspace --bench '*'

say
say "Python's own tools, in the same run:"
if have python3; then python3 scripts/bench_python.py; else say "python3 is missing: nothing to compare with"; fi
