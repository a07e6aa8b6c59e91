#!/usr/bin/env bash
# Measures what must be fast.
source "$(dirname "$0")/lib.sh"
source scripts/tools.sh
need_rust
cargo bench --workspace --bench '*'
