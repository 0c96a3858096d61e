# shellcheck shell=sh
# Control: what a connection may ask of the host. Common.sh comes before this text.
# Commands and answers are lines of words; the answer to a mistake is `error TEXT`.

# Whether a runner of this attempt lives: it holds its journal, or something of its unit is left.
gc_alive() { # RUN ATTEMPT
    gc_held=$gc_home/runs/$1/attempt-$2/journal
    [ ! -e "$gc_held" ] || flock -s -n "$gc_held" true 2>/dev/null || return 0
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
    if [ ! -d "$gc_folder" ]; then
        # Pruned, or cancelled before it began.
        [ ! -s "$gc_home/runs/$1/tombstone" ] || read -r gc_state <"$gc_home/runs/$1/tombstone"
        return 0
    fi
    gc_read_end "$gc_folder"
    if [ -z "$gc_ended" ]; then
        gc_state=running
        ! gc_alive "$1" "$2" || return 0
        gc_read_end "$gc_folder"
    fi
    if [ -z "$gc_ended" ]; then
        read -r gc_then <"$gc_folder/boot" || gc_then=
        if [ -e "$gc_home/runs/$1/tombstone" ]; then
            gc_ended=cancelled
        elif [ ! -s "$gc_folder/journal" ]; then
            gc_ended=unstarted
        elif [ "$gc_then" = "$gc_boot" ]; then
            gc_ended=lost
        else
            gc_ended=interrupted
        fi
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

# Takes the run's lock (`exec 8>&-` gives it back), and refuses an epoch that is behind.
# Sets gc_answer and fails then.
gc_fence() { # RUN EPOCH
    gc_answer='refused no_space'
    printf '' >>"$gc_home/runs/$1/lock" || return
    exec 8>>"$gc_home/runs/$1/lock"
    gc_answer="error the folder of run $1 stays locked"
    flock -w 30 8 || return
    gc_epoch=0
    [ ! -s "$gc_home/runs/$1/epoch" ] || read -r gc_epoch <"$gc_home/runs/$1/epoch"
    gc_answer="refused epoch $gc_epoch"
    [ "$2" -ge "$gc_epoch" ] || return
    [ "$2" != "$gc_epoch" ] || return 0
    # Whole or not at all: a full disk must not make the host forget the epoch.
    gc_answer='refused no_space'
    printf '%s\n' "$2" >"$gc_home/runs/$1/epoch.new" &&
        mv "$gc_home/runs/$1/epoch.new" "$gc_home/runs/$1/epoch"
}

# Sets gc_holder to who has the host, or to nothing. Whoever had it last may still be
# losing its last processes: those are waited for.
gc_read_holder() {
    gc_holder=
    gc_tries=0
    while [ -s "$gc_host_lock" ]; do
        # It is being written or emptied.
        read -r gc_holder <"$gc_host_lock" || break
        # shellcheck disable=SC2086 # installation, run, attempt, digest
        set -- $gc_holder
        [ "$#" -ge 3 ] || break
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
    gc_incoming=$gc_run/incoming.$$
    gc_error=$(mkdir -p "$gc_incoming" 2>&1)
    if gc_receive "$5"; then
        gc_fence "$1" "$3" && gc_claim "$@"
    else
        case $gc_error in
        '' | *'No space'*) gc_answer='refused no_space' ;;
        *) gc_answer="error $gc_error" ;;
        esac
    fi
    exec 8>&- 9>&-
    # Before the answer, which may find nobody, and values are among it.
    [ ! -e "$gc_incoming" ] || rm -rf "$gc_incoming"
    printf '%s\n' "$gc_answer"
}

gc_receive() { # BYTES
    # All of it is read in any case: what is left would be taken for commands. A line that
    # is cut between two files looks like an end to tar: hence the last one, `whole`.
    head -c "$1" | { tar -xf - -C "$gc_incoming" || { cat >/dev/null && false; }; } &&
        [ -e "$gc_incoming/whole" ] &&
        printf '%s\n' "$gc_boot" >"$gc_incoming/boot" &&
        printf '' >"$gc_incoming/journal" && printf '' >"$gc_incoming/out" &&
        printf '%65536s' '' >"$gc_incoming/reserve"
} 2>/dev/null

gc_claim() { # as gc_start; sets gc_answer
    gc_sweep
    # The answer was lost; or whoever asks knows less than we do, and may follow what is there.
    if [ -d "$gc_run/attempt-$2" ]; then
        gc_last_attempt "$1"
        gc_settle "$1" "$gc_attempt"
        gc_answer="known $gc_attempt"
        return
    fi
    if [ -e "$gc_run/tombstone" ]; then
        read -r gc_word <"$gc_run/tombstone"
        gc_answer="refused ${gc_word:-cancelled}"
        return
    fi
    if [ "$2" -gt 1 ]; then
        gc_settle "$1" "$(($2 - 1))"
        case $gc_state in
        none | running | completed | cancelled)
            gc_answer="refused attempt $gc_state"
            return ;;
        esac
    fi
    gc_take_host || return
    gc_answer='refused no_space'
    printf '%s\n' "$4" >"$gc_run/installation" && mv -T "$gc_incoming" "$gc_run/attempt-$2" || return
    # needrestart, set to automatic, would restart the unit out of a step's apt-get:
    # hence RefuseManualStop. Values are not given with -E, which every user can see.
    if gc_error=$(systemd-run --quiet --collect --unit "$(gc_unit "$1" "$2")" \
        --description "Groundcrew run $1" -p Type=exec -p RefuseManualStop=yes \
        -p OOMPolicy=continue -p TimeoutStopSec=10 -p IgnoreSIGPIPE=no \
        -p StandardInput=null -p UMask=0077 -p WorkingDirectory=/ \
        /usr/bin/env -i /bin/sh "$gc_run/attempt-$2/runner.sh" "$gc_run/attempt-$2" 2>&1); then
        gc_answer=started
        return
    fi
    gc_settle "$1" "$2"
    gc_answer="error systemd-run: $(printf '%s' "$gc_error" | tr '\n' ' ')"
    [ "$(systemctl is-system-running)" != stopping ] || gc_answer='refused stopping'
}

# Writes into the host's lock whose it is from now on, and keeps it as file 9, until
# the runner is there. Sets gc_answer and fails if somebody else has the host.
gc_take_host() {
    gc_read_holder
    gc_answer="busy $gc_holder"
    [ -z "$gc_holder" ] || return
    exec 9<>"$gc_host_lock"
    # The last runner's end comes before its exit: that is waited for.
    if flock -w 5 9; then
        read -r gc_holder <"$gc_host_lock" || gc_holder=
        # Once more: who looked dead was about to start its runner, perhaps.
        # shellcheck disable=SC2086 # installation, run, attempt, digest
        set -- $gc_holder
        if [ "$#" -lt 3 ] || ! gc_alive "$2" "$3"; then
            read -r gc_holder <"$gc_incoming/identity"
            printf '%s\n' "$gc_holder" >"$gc_host_lock"
            return
        fi
    fi
    exec 9>&-
    read -r gc_holder <"$gc_host_lock" || gc_holder=
    gc_answer="busy $gc_holder"
    return 1
}

# state RUN EPOCH: the last attempt and what became of it; of a run without one its tombstone, or none.
gc_say_state() {
    if [ ! -d "$gc_home/runs/$1" ]; then
        printf 'state 0 none\n'
        return
    fi
    if gc_fence "$1" "$2"; then
        gc_last_attempt "$1"
        gc_settle "$1" "$gc_attempt"
        gc_answer="state $gc_attempt $gc_state"
    fi
    exec 8>&-
    printf '%s\n' "$gc_answer"
}

# cancel RUN EPOCH: TERM, then KILL, for all that the unit started; answers when it is over.
gc_cancel() {
    mkdir -p "$gc_home/runs/$1"
    if gc_fence "$1" "$2"; then
        gc_last_attempt "$1"
        gc_settle "$1" "$gc_attempt"
        case $gc_state in
        completed | failed | cancelled | ended) ;;
        *) gc_bury "$1" "$gc_attempt" ;;
        esac
        gc_answer="ended $gc_state"
    fi
    exec 8>&-
    printf '%s\n' "$gc_answer"
}

# Writes the tombstone, and ends what still runs.
gc_bury() { # RUN ATTEMPT
    # The reserve: also a full disk must take the tombstone.
    rm -f "$gc_home/runs/$1/attempt-$2/reserve"
    printf 'cancelled\n' >"$gc_home/runs/$1/tombstone"
    sync -d "$gc_home/runs/$1/tombstone"
    if [ "$gc_state" = running ]; then
        gc_name=$(gc_unit "$1" "$2")
        systemctl kill --signal=TERM "$gc_name" 2>/dev/null
        gc_tries=0
        while gc_alive "$1" "$2"; do
            gc_tries=$((gc_tries + 1))
            [ "$gc_tries" != 100 ] || systemctl kill --signal=KILL "$gc_name" 2>/dev/null
            # Not even KILL: it waits for a disk that does not answer, or the like.
            [ "$gc_tries" -lt 300 ] || return
            sleep 0.1
        done
        gc_settle "$1" "$2"
        return
    fi
    gc_state=cancelled
}

# plan RUN ATTEMPT: the step it began with, its boot, its digest, and what the run does, as the
# bundle brought it, for who did not start it.
gc_say_plan() {
    gc_folder=$gc_home/runs/$1/attempt-$2
    gc_first=0 gc_then=- gc_digest=-
    [ ! -e "$gc_folder/first" ] || read -r gc_first <"$gc_folder/first"
    [ ! -e "$gc_folder/boot" ] || read -r gc_then <"$gc_folder/boot"
    [ ! -e "$gc_folder/identity" ] || read -r _ _ _ gc_digest <"$gc_folder/identity"
    printf 'plan %s %s %s %s\n' "$gc_first" "$gc_then" "$gc_digest" \
        "$(stat -c %s "$gc_folder/plan" 2>/dev/null || printf 0)"
    cat "$gc_folder/plan" 2>/dev/null
}

# system: name, version and codename of the system, and its addresses; a tab before each.
gc_say_system() {
    printf 'system\t%s\t%s\t%s\t%s\n' "$NAME" "$VERSION_ID" "$VERSION_CODENAME" "$(hostname -I 2>/dev/null)"
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
    gc_then=
    [ ! -e "$gc_folder/boot" ] || read -r gc_then <"$gc_folder/boot"
    # shellcheck disable=SC2046 # as $6 and $7 the sizes of both, if both are there
    set -- "$@" $(stat -c %s "$gc_folder/journal" "$gc_folder/out" 2>/dev/null)
    if [ "${6:-0}" -lt "$3" ] || [ -z "${7:-}" ]; then
        printf 'short\n'
        return
    fi
    gc_from=$(($4 + 1))
    if [ "$7" -lt "$4" ]; then
        if [ "$gc_then" != "$gc_boot" ]; then
            printf 'short\n'
            return
        fi
        # A program has cut it, and all that is there came after that.
        gc_from=1
    fi
    printf 'following\n'
    printf '%s\n' "$5" >&2
    # What tail has to say of itself is not the run's output. It looks every 20 ms only
    # where inotify does not tell it, as on an overlay.
    tail -s 0.02 -c "+$(($3 + 1))" -f "$gc_folder/journal" 2>/dev/null &
    gc_tails=$!
    tail -s 0.02 -c "+$gc_from" -f "$gc_folder/out" >&2 2>/dev/null &
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
        if [ -n "$gc_ended" ] || ! flock -s -n "$gc_folder/journal" true; then continue; fi
        # It does not hold its journal. A cancel that takes its time must not stop the beat.
        exec 8>>"$gc_home/runs/$1/lock"
        if flock -n 8; then gc_settle "$1" "$2"; fi
        exec 8>&-
    done
}

gc_control() {
    umask 077
    gc_read_boot
    ID='' NAME='' VERSION_ID='' VERSION_CODENAME=''
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
        system) gc_say_system ;;
        up) gc_wait_up ;;
        follow) gc_follow "$@" ;;
        *) printf 'error unknown command\n' ;;
        esac
    done
    exit 0
}

gc_control
