#!/usr/bin/env bash
# The page in dist/ and the server at target/release/sweep, and whatever is missing to build them. Started again, it
# builds what has changed.
source "$(dirname "$0")/lib.sh"
source scripts/tools.sh

main() {
    local server
    need_rust
    # The server builds beside the page's tools: alone, neither keeps two cores busy all the time.
    build_server &
    server=$!
    # shellcheck disable=SC2064 # the number of now
    trap "kill $server 2>/dev/null || true" EXIT
    need_page_tools
    build_page
    wait "$server" || fail "the server was not built"
    trap - EXIT
}

build_server() {
    local expected="about 1 to 3 minutes"
    if [ -x "$TARGET/release/sweep" ]; then expected="a few seconds, when little has changed"; fi
    step server "Building the server" "$expected" cargo build --release -p sweep-server
}

build_page() {
    page_is_current && return
    step page "Building the page" "about a minute, the first time" bundle_page
}

# The last file that bundle_page writes is newer than everything that the page is made of, the folders included (a file that
# went away). Another `trunk build` or `trunk serve` takes that file away.
page_is_current() {
    local stamp=dist/index.html.br
    [ -e "$stamp" ] && [ -z "$(find src index.html style public Trunk.toml Cargo.toml Cargo.lock scripts -newer "$stamp" -not -path '*/node_modules*')" ]
}

bundle_page() {
    # Trunk.toml keeps Trunk off the network, and cargo with it, which may still have crates to download here.
    # Trunk reads NO_COLOR as true or false only, and stops at the usual NO_COLOR=1.
    env -u NO_COLOR trunk build --release --offline=false
    node scripts/compress.mjs dist
}

main
