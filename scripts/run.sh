#!/usr/bin/env bash
# Builds whatever is not built, then serves the page and the API until Ctrl-C.
#   PORT    where to listen on 127.0.0.1 (8080)
#   SOURCE  the folder whose scripts the trials run (examples)
#   DATA    where runs are kept: the database and each trial's folder (.sweep)
source "$(dirname "$0")/lib.sh"
source scripts/tools.sh

port=${PORT:-8080}
need_package python3 "runs the training scripts" python3
[ -d "${SOURCE:-examples}" ] || fail "SOURCE=$SOURCE is not a folder"
# Said now and not after minutes of building; the server finds out for itself again.
if (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    fail "something is listening on port $port already. Stop it, or choose another port: make run PORT=$((port + 1))"
fi
scripts/build.sh
exec "$TARGET/release/sweep" serve --listen "127.0.0.1:$port" --source "${SOURCE:-examples}" --data "${DATA:-.sweep}" --page dist
