#!/usr/bin/env bash
# Runs every test that needs no foreign daemon, installing what is missing, and goes on after a failure. Ends with a table of
# the groups and one line with the totals.
source "$(dirname "$0")/lib.sh"
source scripts/tools.sh

rows=()   # "group|seconds|passed|failed|skipped", in the order run
broken=0  # groups that failed without a failing test: they did not build, or died
# A line "crate<TAB>test<TAB>reason" for each Rust test that cannot run here; cargo counts it as passed (server/tests/it/skip.rs).
export SKIPPED_TESTS=$LOGS/test-skipped.tsv

main() {
    need_rust
    need_node
    need_package python3 "runs the training scripts of the tests" python3
    at_least 20 "$(node --version | tr -d v)" || fail "the browser tests need Node.js 20 or newer; this is $(node --version)"
    # Elsewhere the tests that need these are counted as skipped.
    if apt_possible; then
        need_package faketime "sets the clock back in a test" faketime
        need_package mkfs.btrfs "makes a file system that shares blocks, in a test" btrfs-progs
        need_package unshare "gives a test mounts of its own" util-linux
    fi
    need_chromium &
    local chromium=$!
    scripts/build.sh
    wait "$chromium" || fail "there is no browser to test with"
    need_chromium # its path; it is installed now
    need_npm tests/browser "the browser's driver"

    mkdir -p "$LOGS"
    : >"$SKIPPED_TESTS"
    run_group native "Core and server" cargo test --workspace --no-fail-fast
    run_group wasm "Core and page in WebAssembly" wasm_tests
    run_group browser "Page in Chromium" browser_tests
    summary
}

# Under Node: the library with the page, and the integration tests that are made for wasm too.
wasm_tests() {
    local tests=() file
    while read -r file; do tests+=(--test "$(basename "$file" .rs)"); done < <(grep -l wasm_bindgen_test tests/*.rs)
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=wasm-bindgen-test-runner \
        cargo test -p sweep-planner --features page --lib ${tests[@]+"${tests[@]}"} --target wasm32-unknown-unknown --no-fail-fast
}
browser_tests() { (cd tests/browser && SWEEP="$TARGET/release/sweep" node --test --test-concurrency=1 --test-reporter=spec); }

# run_group NAME TITLE COMMAND...: shows the output and counts its tests.
run_group() {
    local name=$1 title=$2 started=$SECONDS log=$LOGS/test-$1.log status=0 counted
    shift 2
    say "==> $title"
    "$@" 2>&1 </dev/null | tee "$log" || status=$?
    counted=$({ cat "$log"; [ "$name" != native ] || sed 's/^/skipped\t/' "$SKIPPED_TESTS"; } | count "$title" $((SECONDS - started)))
    while read -r row; do rows+=("$row"); done <<<"$counted"
    # A failure that no test stands for.
    if [ $status != 0 ] && ! awk -F '|' '$4 > 0 {found = 1} END {exit !found}' <<<"$counted"; then
        say "error: $title failed without a failing test; the whole output is in ${log#"$ROOT"/}" >&2
        broken=$((broken + 1))
    fi
}

# count TITLE SECONDS: the rows of a group's output, from the closing lines of cargo's test harness, wasm-bindgen's and node's.
# Cargo's of the workspace are two rows, the root package's and the server's.
count() {
    local server_tests
    server_tests=$(find server/tests -mindepth 1 -maxdepth 1 2>/dev/null | sed 's|.*/||; s|\.rs$||' | tr '\n' ' ')
    awk -v title="$1" -v seconds="$2" -v server_tests=" sweep sweep_server $server_tests" '
        BEGIN { core = title; if (title == "Core and server") core = "Core"; order[1] = core; groups = 1 }
        /^ *Running .*\/deps\// {
            binary = $0; sub(/.*\/deps\//, "", binary); sub(/-[0-9a-f]+(\.wasm)?\)$/, "", binary)
            enter(binary)
        }
        /^ *Doc-tests / { enter($2) }
        /^test result: / { passed[group] += $4; failed[group] += $6; skipped[group] += $8; time[group] += duration($0) }
        /^skipped\t/ { group = $2 == "sweep-server" ? "Server" : core; passed[group]--; skipped[group]++ }
        /^ℹ pass / { passed[core] += $3 }
        /^ℹ (fail|cancelled) / { failed[core] += $3 }
        /^ℹ (skipped|todo) / { skipped[core] += $3 }
        function enter(binary) {
            group = core
            if (core == "Core" && index(server_tests, " " binary " ")) group = "Server"
            if (group == "Server" && groups == 1) order[++groups] = group
        }
        function duration(line) { return match(line, /finished in [0-9.]+/) ? substr(line, RSTART + 12, RLENGTH - 12) : 0 }
        END {
            for (i = 1; i <= groups; i++) {
                shown = groups == 1 ? seconds " s" : sprintf("%.1f s", time[order[i]])
                printf "%s|%s|%d|%d|%d\n", order[i], shown, passed[order[i]], failed[order[i]], skipped[order[i]]
            }
            if (groups > 1) printf "Building and starting these two|%.1f s|0|0|0\n", seconds - time["Core"] - time["Server"]
        }'
}

summary() {
    say
    # Which tests could not run, and why.
    awk -F '\t' '{ printf "skipped: %s (%s): %s\n", $2, $1, $3 }' "$SKIPPED_TESTS"
    printf '%s\n' "${rows[@]}" | awk -F '|' -v broken=$broken -v ci="${CI:+1}" -v whole="$(minutes "$SECONDS")" '
        BEGIN { printf "%-32s %12s %8s %8s %8s\n", "group", "time", "passed", "failed", "skipped" }
        { passed += $3; failed += $4; skipped += $5
          if ($3 + $4 + $5) printf "%-32s %12s %8d %8d %8d\n", $1, $2, $3, $4, $5; else printf "%-32s %12s\n", $1, $2 }
        END {
            printf "%-32s %12s\n", "all of it, set-up included", whole
            if (broken) printf "%d group(s) failed without a failing test: see above\n", broken
            if (ci && skipped) print "under CI nothing may be skipped"
            printf "%d passed, %d failed, %d skipped\n", passed, failed + broken, skipped
            exit failed + broken > 0 || passed == 0 || (ci && skipped > 0)
        }'
}

main
