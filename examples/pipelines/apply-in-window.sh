#!/usr/bin/env bash
# Applies between two times of the day, and at no other:
#
#   TZ=Europe/Berlin apply-in-window.sh 20:30 05:00
#
# Outside the window it does nothing and fails, since a scheduler may start late. At the
# window's end it interrupts the apply as Ctrl-C does: nothing new starts, the state is
# true, and the next run does what is left. Run it in the folder of the configuration.
set -euo pipefail

terraform=${TERRAFORM:-terraform} # or tofu

seconds() { # of a time of the day, 20:30 or 20:30:15
    local hour minute second
    IFS=: read -r hour minute second <<<"$1"
    echo $((10#$hour * 3600 + 10#$minute * 60 + 10#${second:-0}))
}

day=$((24 * 3600))
now=$(seconds "$(date +%H:%M:%S)")
from=$(seconds "$1")
to=$(seconds "$2")
length=$(((to - from + day) % day))
since=$(((now - from + day) % day))
if ((since >= length)); then
    echo "It is $(date +%H:%M), outside the window from $1 to $2: nothing is applied." >&2
    exit 1
fi

# --foreground: one signal to Terraform alone. A second one would make it drop everything.
code=0
timeout --foreground --signal=INT --kill-after=60 $((length - since)) \
    "$terraform" apply -input=false -no-color -lock-timeout=10m -auto-approve || code=$?
if ((code == 124)); then
    echo "The window has ended. What was counted stays counted; the next run does the rest." >&2
fi
exit "$code"
