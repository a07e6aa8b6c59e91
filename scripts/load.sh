#!/usr/bin/env bash
# Loads a real server, built for release, with what it is meant to bear, and prints what that took and beside what.
# `load.sh quick` only shows that it works. FOLDER= names a folder on the disk to measure (target/ otherwise).
source "$(dirname "$0")/lib.sh"
source scripts/tools.sh
need_rust
cargo build --release -p sweep-server --bin sweep --example load
"$TARGET/release/examples/load" "$TARGET/release/sweep" "${FOLDER:-$TARGET}" "$@"
