#!/usr/bin/env bash
# Formatting and lints, on native and on wasm; warnings are errors. Goes on after a failure, to show everything at once.
source "$(dirname "$0")/lib.sh"
source scripts/tools.sh
need_rust
need_wasm_target
need_package python3 "reads the imports" python3

failed=0
lint() {
    local started=$SECONDS
    say "==> $*"
    if "$@"; then say "    fine ($(minutes $((SECONDS - started))))"; else failed=1; fi
}

# The server takes the root library without the page: then the core has no browser in it.
core_is_free_of_the_browser() {
    cargo check --quiet -p sweep-server || return 1
    local crates
    crates=$(cargo tree -p sweep-server -e normal --prefix none) || return 1
    ! grep -E '^(leptos|web-sys|gloo-net|wasm-bindgen) ' <<<"$crates"
}
# The page is downloaded by everybody; only the server describes the API.
page_has_no_descriptions() {
    local crates
    crates=$(cargo tree -p sweep-planner --target wasm32-unknown-unknown --features page -e normal --prefix none) || return 1
    ! grep -E '^utoipa' <<<"$crates"
}
imports_follow_the_rules() { scripts/imports.py --self-test && scripts/imports.py; }
lock_file_is_current() { cargo metadata --locked --format-version 1 >/dev/null; }
# A name that changed leaves links behind in comments, which no compiler reads.
links_in_comments_lead_somewhere() {
    RUSTDOCFLAGS="-A rustdoc::private_intra_doc_links -D rustdoc::broken_intra_doc_links" \
        cargo doc --quiet --workspace --no-deps --document-private-items --features sweep-planner/page
}
scripts_are_well_formed() {
    local script
    for script in scripts/*.sh .ci/run; do bash -n "$script" || return 1; done
}

lint lock_file_is_current
lint cargo fmt --all --check
lint cargo clippy --quiet --workspace --all-targets -- -D warnings
# Without the feature `internals`, which the tests above turn on: the page's build reports code that nobody uses.
lint cargo clippy --quiet -p sweep-server -- -D warnings
lint cargo clippy --quiet -p sweep-planner --target wasm32-unknown-unknown --features page -- -D warnings
lint core_is_free_of_the_browser
lint page_has_no_descriptions
lint imports_follow_the_rules
lint links_in_comments_lead_somewhere
lint scripts_are_well_formed
exit $failed
