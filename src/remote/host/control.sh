# shellcheck shell=sh
# Control: what a connection may ask of the host. Common.sh comes before this text.
# Commands and answers are lines of words; the answer to a mistake is `error TEXT`.

# Whether a runner of this attempt lives: it holds its journal, or its unit is up.
gc_alive() { # RUN ATTEMPT
    flock -s -n "$gc_home/runs/$1/attempt-$2/journal" true 2>/dev/null || return 0
    case $(systemctl is-active "$(gc_unit "$1" "$2")" 2>/dev/null) in
    active | activating | deactivating | reloading) return 0 ;;
    esac
    return 1
}

# Sets gc_ended to the status in the attempt's last line, if that is its end.
gc_read_end() { # ATTEMPT FOLDER
    gc_ended=
    # shellcheck disable=SC2046 # the words of the line
    set -- $(tail -n 1 "$1/journal" 2>/dev/null)
    [ "${3:-}" != end ] || gc_ended=${7:-}
}

# Writes the end of an attempt whose runner is dead and did not.
gc_close() { # FOLDER STATUS
    rm -rf "$1/values" "$1/steps" "$1/handlers" "$1/reserve"
    # Half a line: the power went while it was written.
    if [ -n "$(tail -c 1 "$1/journal")" ]; then
        gc_lines=$(($(grep -c '' "$1/journal") - 1))
        truncate -s "$(head -n "$gc_lines" "$1/journal" | wc -c)" "$1/journal"
    fi
    printf '%s %s end - - %s %s\n' "$(($(grep -c '' "$1/journal") + 1))" "$(date +%s%3N)" \
        "$(stat -c %s "$1/out")" "$2" >>"$1/journal"
    sync -d "$1/journal"
}

# Sets gc_state: none, running, or the status at the end. An attempt that died
# without a word is closed here, by the first who looks.
gc_settle() { # RUN ATTEMPT
    gc_folder=$gc_home/runs/$1/attempt-$2
    gc_state=none
    [ -d "$gc_folder" ] || return 0
    gc_read_end "$gc_folder"
    if [ -z "$gc_ended" ]; then
        gc_state=running
        ! gc_alive "$1" "$2" || return 0
        gc_read_end "$gc_folder"
    fi
    if [ -z "$gc_ended" ]; then
        read -r gc_then <"$gc_folder/boot" || gc_then=
        if [ ! -s "$gc_folder/journal" ]; then
            gc_ended=unstarted
        elif [ "$gc_then" = "$gc_boot" ]; then
            gc_ended=lost
        else
            gc_ended=interrupted
        fi
        : >>"$gc_folder/journal"
        : >>"$gc_folder/out"
        gc_close "$gc_folder" "$gc_ended"
    fi
    gc_state=$gc_ended
}

# Sets gc_attempt to the number of the run's last attempt, 0 where there is none.
gc_last_attempt() { # RUN
    gc_attempt=0
    while [ -d "$gc_home/runs/$1/attempt-$((gc_attempt + 1))" ]; do
        gc_attempt=$((gc_attempt + 1))
    done
}

# Takes the run's lock, and refuses an epoch that is behind. Answers and fails then.
gc_fence() { # RUN EPOCH
    exec 8>>"$gc_home/runs/$1/lock"
    flock -w 30 8 || {
        printf 'error the folder of run %s stays locked\n' "$1"
        return 1
    }
    gc_epoch=0
    [ ! -s "$gc_home/runs/$1/epoch" ] || read -r gc_epoch <"$gc_home/runs/$1/epoch"
    if [ "$2" -lt "$gc_epoch" ]; then
        printf 'refused epoch %s\n' "$gc_epoch"
        return 1
    fi
    [ "$2" != "$gc_epoch" ] || return 0
    # Whole or not at all: a full disk must not make the host forget the epoch.
    if ! printf '%s\n' "$2" >"$gc_home/runs/$1/epoch.new" || ! mv "$gc_home/runs/$1/epoch.new" "$gc_home/runs/$1/epoch"; then
        printf 'refused no_space\n'
        return 1
    fi
}

# Sets gc_holder to who has the host, or to nothing. Whoever had it last and has
# ended may still be losing its last processes: those are waited for.
gc_read_holder() {
    gc_holder=
    gc_tries=0
    while [ -s "$gc_host_lock" ]; do
        read -r gc_holder <"$gc_host_lock"
        # shellcheck disable=SC2086 # installation, run, attempt, digest
        set -- $gc_holder
        gc_read_end "$gc_home/runs/$2/attempt-$3"
        gc_alive "$2" "$3" || break
        [ -n "$gc_ended" ] && [ "$gc_tries" -lt 150 ] || return 0
        gc_tries=$((gc_tries + 1))
        sleep 0.1
    done
    gc_holder=
}

# start RUN ATTEMPT EPOCH INSTALLATION BYTES, then that many bytes of tar.
# `mv` of the unpacked bundle is the claim: once for each attempt, whole or not at all.
gc_start() {
    gc_run=$gc_home/runs/$1
    if ! mkdir -p "$gc_run" || ! chmod 0700 "$gc_home"; then
        printf 'refused no_space\n'
        return
    fi
    gc_incoming=$gc_run/incoming.$$
    rm -rf "$gc_run"/incoming.*
    if ! mkdir "$gc_incoming" || ! head -c "$5" | tar -xf - -C "$gc_incoming" ||
        ! head -c 65536 /dev/zero >"$gc_incoming/reserve"; then
        rm -rf "$gc_incoming"
        printf 'refused no_space\n'
        return
    fi
    gc_fence "$1" "$3" && gc_claim "$@"
    rm -rf "$gc_incoming"
    exec 8>&-
}

gc_claim() { # as gc_start
    if [ -e "$gc_run/tombstone" ]; then
        read -r gc_word <"$gc_run/tombstone"
        # An answer that was lost can be asked for again, also after the end.
        if [ ! -d "$gc_run/attempt-$2" ] || [ "$gc_word" = cancelled ]; then
            printf 'refused %s\n' "$gc_word"
            return
        fi
    fi
    if [ ! -d "$gc_run/attempt-$2" ]; then
        if [ "$2" -gt 1 ]; then
            gc_settle "$1" "$(($2 - 1))"
            case $gc_state in
            none | running | completed | cancelled)
                printf 'refused attempt %s\n' "$gc_state"
                return ;;
            esac
        fi
        gc_read_holder
        if [ -n "$gc_holder" ]; then
            printf 'busy %s\n' "$gc_holder"
            return
        fi
        printf '%s\n' "$4" >"$gc_run/installation"
        printf '%s\n' "$gc_boot" >"$gc_incoming/boot"
        : >"$gc_incoming/journal"
        : >"$gc_incoming/out"
        mv -T "$gc_incoming" "$gc_run/attempt-$2"
        # needrestart, set to automatic, would restart the unit out of a step's apt-get:
        # hence RefuseManualStop. Values are not given with -E, which every user can see.
        if ! systemd-run --quiet --collect --unit "$(gc_unit "$1" "$2")" \
            --description "Groundcrew run $1" \
            -p Type=exec -p RefuseManualStop=yes -p OOMPolicy=continue -p TimeoutStopSec=10 \
            -p StandardInput=null -p UMask=0077 -p WorkingDirectory=/ \
            /bin/sh "$gc_run/attempt-$2/runner.sh" "$gc_run/attempt-$2" 2>"$gc_run/systemd-run"; then
            gc_settle "$1" "$2"
            printf 'error systemd-run: %s\n' "$(tr '\n' ' ' <"$gc_run/systemd-run")"
            return
        fi
        rm -f "$gc_run/systemd-run"
    fi
    printf 'started\n'
}

# state RUN EPOCH: the last attempt and what became of it.
gc_say_state() {
    if [ ! -d "$gc_home/runs/$1" ]; then
        printf 'state 0 none\n'
        return
    fi
    gc_fence "$1" "$2" || return
    gc_last_attempt "$1"
    gc_settle "$1" "$gc_attempt"
    exec 8>&-
    printf 'state %s %s\n' "$gc_attempt" "$gc_state"
}

# cancel RUN EPOCH: TERM, then KILL, for all that the unit started; answers when it is over.
gc_cancel() {
    mkdir -p "$gc_home/runs/$1"
    gc_fence "$1" "$2" || return
    gc_last_attempt "$1"
    gc_settle "$1" "$gc_attempt"
    if [ "$gc_state" = running ] || [ "$gc_state" = none ]; then
        # The reserve: also a full disk must take the tombstone.
        rm -f "$gc_home/runs/$1/attempt-$gc_attempt/reserve"
        printf 'cancelled\n' >"$gc_home/runs/$1/tombstone"
        sync -d "$gc_home/runs/$1/tombstone"
        [ "$gc_attempt" = 0 ] || gc_kill_unit "$1" "$gc_attempt"
        gc_state=cancelled
    fi
    exec 8>&-
    printf 'ended %s\n' "$gc_state"
}

gc_kill_unit() { # RUN ATTEMPT
    gc_name=$(gc_unit "$1" "$2")
    systemctl kill --signal=TERM "$gc_name" 2>/dev/null
    gc_tries=0
    while gc_alive "$1" "$2"; do
        gc_tries=$((gc_tries + 1))
        [ "$gc_tries" != 100 ] || systemctl kill --signal=KILL "$gc_name" 2>/dev/null
        sleep 0.1
    done
    gc_read_end "$gc_home/runs/$1/attempt-$2"
    [ -n "$gc_ended" ] || gc_close "$gc_home/runs/$1/attempt-$2" cancelled
}

# plan RUN ATTEMPT: the step it began with, and what the run does, as the bundle brought
# it, for who did not start it.
gc_say_plan() {
    gc_folder=$gc_home/runs/$1/attempt-$2
    gc_first=0
    [ ! -e "$gc_folder/first" ] || read -r gc_first <"$gc_folder/first"
    printf 'plan %s %s\n' "$gc_first" "$(stat -c %s "$gc_folder/plan" 2>/dev/null || printf 0)"
    cat "$gc_folder/plan" 2>/dev/null
}

# up: waits, for a while, until the system has come up.
gc_wait_up() {
    printf 'up %s\n' "$(timeout 45 systemctl is-system-running --wait 2>/dev/null)"
}

# follow RUN ATTEMPT JOURNAL-OFFSET OUT-OFFSET MARK: the journal on standard output,
# `out` on standard error after a line with MARK, both from there on and as they grow.
# A NUL byte among the journal every other second says that the line is up; `fetched`
# from the other side, that all has arrived.
gc_follow() {
    gc_folder=$gc_home/runs/$1/attempt-$2
    if [ "$(stat -c %s "$gc_folder/journal" 2>/dev/null || printf 0)" -lt "$3" ] ||
        [ "$(stat -c %s "$gc_folder/out" 2>/dev/null || printf 0)" -lt "$4" ]; then
        printf 'short\n'
        return
    fi
    printf 'following\n'
    printf '%s\n' "$5" >&2
    # What tail has to say of itself is not the run's output.
    tail -s 0.1 -c "+$(($3 + 1))" -f "$gc_folder/journal" 2>/dev/null &
    gc_tails=$!
    tail -s 0.1 -c "+$(($4 + 1))" -f "$gc_folder/out" >&2 2>/dev/null &
    gc_tails="$gc_tails $!"
    exec 2>/dev/null
    gc_beat "$1" "$2" &
    gc_tails="$gc_tails $!"
    read -r gc_word _
    # shellcheck disable=SC2086 # their numbers
    kill $gc_tails
    if [ "$gc_word" = fetched ]; then
        : >"$gc_home/runs/$1/fetched"
        gc_prune "$1"
    fi
    exit 0
}

# The heartbeat, which also notices a runner that died without a word.
gc_beat() { # RUN ATTEMPT
    gc_ended=
    while sleep 2 >/dev/null 2>&1; do
        printf '\000' || exit 0
        [ -n "$gc_ended" ] || gc_settle_locked "$1" "$2"
    done
}

gc_settle_locked() { # RUN ATTEMPT
    exec 8>>"$gc_home/runs/$1/lock"
    flock -w 30 8 && gc_settle "$1" "$2"
    exec 8>&-
}

# Keeps the last 20 runs of this installation; of those before only the tombstone is
# left, and only of what has ended and was wholly fetched.
gc_prune() { # RUN
    read -r gc_installation <"$gc_home/runs/$1/installation"
    gc_kept=0
    # Run ids begin with their time, so that the names' order is the runs' order.
    # shellcheck disable=SC2045 # the names are ours, and a glob can't be read backwards
    for gc_run in $(ls -r "$gc_home/runs"); do
        gc_run=$gc_home/runs/$gc_run
        [ -e "$gc_run/fetched" ] || continue
        read -r gc_owner <"$gc_run/installation" || continue
        [ "$gc_owner" = "$gc_installation" ] || continue
        gc_kept=$((gc_kept + 1))
        [ "$gc_kept" -gt 20 ] || continue
        [ -s "$gc_run/tombstone" ] || printf 'ended\n' >"$gc_run/tombstone"
        rm -rf "$gc_run"/attempt-* "$gc_run/fetched"
    done
}

gc_control() {
    umask 077
    gc_read_boot
    ID='' VERSION_ID=''
    # shellcheck disable=SC1091 # the system's own
    [ ! -r /etc/os-release ] || . /etc/os-release
    gc_systemd=no
    [ ! -d /run/systemd/system ] || gc_systemd=yes
    gc_missing=
    for gc_command in flock systemctl systemd-run tar truncate sync stat; do
        command -v "$gc_command" >/dev/null || gc_missing=$gc_missing,$gc_command
    done
    gc_read_holder
    printf 'facts %s %s %s %s,%s\n' "$gc_systemd" "$gc_boot" "${gc_missing:--}" "$ID" "$VERSION_ID"
    printf 'holder %s\n' "$gc_holder"
    while read -r gc_verb gc_words; do
        # shellcheck disable=SC2086 # the command's words
        set -- $gc_words
        case $gc_verb in
        start) gc_start "$@" ;;
        state) gc_say_state "$@" ;;
        cancel) gc_cancel "$@" ;;
        plan) gc_say_plan "$@" ;;
        up) gc_wait_up ;;
        follow) gc_follow "$@" ;;
        *) printf 'error unknown command\n' ;;
        esac
    done
    exit 0
}

gc_control
