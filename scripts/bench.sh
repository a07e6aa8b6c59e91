#!/usr/bin/env bash
# Measures what must be fast.
source "$(dirname "$0")/lib.sh"
source scripts/tools.sh
need_rust
cargo bench --workspace --bench '*'

say
say "Python's own tools, in the same run:"
if have python3; then python3 scripts/bench_python.py; else say "python3 is missing: nothing to compare with"; fi

say
say "Trials at once, whose libraries start threads:"
if have python3; then
    cargo build --release -p sweep-server --bin sweep
    python3 scripts/bench_threads.py "$TARGET/release/sweep" "$TARGET" || fail "trials at once fight for the cores"
else
    say "python3 is missing: nothing is measured"
fi

say
say "The page beside callers and trials that try to stop the server:"
if have python3; then
    cargo build --release -p sweep-server --bin sweep
    python3 scripts/bench_hostile.py "$TARGET/release/sweep" || fail "the page is not answered in time beside hostile callers and trials"
else
    say "python3 is missing: nothing is measured"
fi

say
say "What the estimate adds to a key, in Chromium:"
need_node
need_chromium
need_npm tests/browser "the browser's driver"
scripts/build.sh
(cd tests/browser && SWEEP="$TARGET/release/sweep" node key_cost.js)

say
say "The estimate beside what real sweeps then take (ten minutes; compare on a quiet machine):"
if have python3; then
    cargo build --release -p sweep-server --bin sweep --example estimate_accuracy
    python3 scripts/estimate_accuracy.py "$TARGET/release/sweep" "$TARGET/release/examples/estimate_accuracy" ||
        fail "the estimate is further from what sweeps take than it may be"
else
    say "python3 is missing: nothing is measured"
fi
