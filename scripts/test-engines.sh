#!/usr/bin/env bash
# Tests against real Ray and Slurm.
source "$(dirname "$0")/lib.sh"
fail "there is nothing to test here yet: \`local\` is the only engine so far, and \`make test\` tests it"
