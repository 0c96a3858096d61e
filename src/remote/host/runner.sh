# shellcheck shell=sh
# The runner: executes one attempt of a run, step by step, and keeps its journal.
# Called with the attempt's folder; common.sh comes before this text.

# When what runs now must be over, in seconds since boot; 0: nothing runs.
gc_limit_file=/run/groundcrew.limit

# Sets gc_now (ms since 1970). The clock is read once; from then on it is the time
# since boot that counts, so that a step which sets the clock can't confuse the
# journal, and no process is started for it.
gc_read_now() {
    read -r gc_up _ </proc/uptime
    gc_now=$((gc_clock + ${gc_up%.*} * 1000 + (1${gc_up#*.} - 100) * 10))
}

# Sets gc_size, the bytes in `out`: where our standard output stands, which every
# step shares. A program that opened /dev/stderr by its path has cut the file;
# offsets go on from where they were.
gc_read_size() {
    while read -r gc_key gc_value; do
        case $gc_key in pos:) break ;; esac
    done </proc/self/fdinfo/1
    gc_size=$((gc_lost + gc_value))
    if [ "$gc_size" -lt "$gc_last_size" ]; then
        gc_lost=$gc_last_size
        gc_size=$((gc_lost + gc_value))
    fi
    gc_last_size=$gc_size
}

# A TERM that comes while a line is written counts after it.
gc_journal() { # WHAT STEP EXIT [DETAIL]
    gc_writing=1
    gc_sequence=$((gc_sequence + 1))
    gc_read_now
    gc_read_size
    gc_line="$gc_sequence $gc_now $1 $2 $3 $gc_size${4:+ $4}"
    printf '%s\n' "$gc_line" 2>/dev/null >&3 || gc_finish_line 2>/dev/null
    gc_journal_size=$((gc_journal_size + ${#gc_line} + 1))
    gc_writing=
    [ "$gc_term" = 0 ] || gc_terminated
}

# The disk is full, and a part of the line at most is written: gives back the
# reserve, and writes the rest. The file is never cut, for somebody may be reading it.
gc_finish_line() {
    rm -f reserve
    gc_tries=0
    until
        gc_written=$(($(stat -c %s journal) - gc_journal_size))
        printf '%s\n' "$gc_line" | tail -c "+$((gc_written + 1))" >&3
    do
        # Somebody else took the reserve. Without its journal the run can't go on.
        gc_tries=$((gc_tries + 1))
        [ "$gc_tries" -lt 50 ] || exit 1
        sleep 0.1
    done
}

# A line that must outlive a loss of power: before a step changes something, and
# after it did. What only looked is looked at again.
gc_sync() {
    sync -d journal
}

# Ends the attempt. The end is the journal's last line; what the run brought along
# (values, rendered files) is gone before it.
gc_end() { # STATUS
    trap '' TERM
    gc_term=0
    rm -rf values steps handlers reserve
    # KILL, for a TERM that meets a shell while it is being forked is lost, and its end
    # would be waited for in vain.
    if [ -n "$gc_watchdog" ]; then
        gc_sleep=
        read -r gc_sleep 2>/dev/null <"/proc/$gc_watchdog/task/$gc_watchdog/children" || :
        # shellcheck disable=SC2086 # one number, or none
        kill -KILL "$gc_watchdog" $gc_sleep 2>/dev/null
        wait "$gc_watchdog" 2>/dev/null
    fi
    gc_journal end - - "$1"
    gc_sync
    # With nobody left in our control group, the next run need not ask systemd.
    gc_group=$(gc_control_group)
    if [ "$gc_group" = "$$" ]; then : >"$gc_host_lock"; fi
    exit 0
}

# The processes in our control group, on one line (this function's own left out).
gc_control_group() {
    while IFS=: read -r _ gc_controllers gc_path; do
        case $gc_controllers in
        name=systemd) gc_path=/sys/fs/cgroup/systemd$gc_path ;;
        '') gc_path=/sys/fs/cgroup$gc_path ;;
        *) continue ;;
        esac
        [ -r "$gc_path/cgroup.procs" ] || continue
        read -r gc_me _ </proc/self/stat
        gc_pids=
        while read -r gc_pid; do
            [ "$gc_pid" = "$gc_me" ] || gc_pids="$gc_pids $gc_pid"
        done <"$gc_path/cgroup.procs"
        printf '%s' "${gc_pids# }"
        return
    done </proc/self/cgroup
}

gc_fail() { # STEP EXIT REASON
    trap '' TERM
    gc_term=0
    # What a cancel or a shutdown takes from a step makes it fail, perhaps, before we hear of it.
    if [ -e ../tombstone ] || [ "$(gc_system)" = stopping ]; then gc_terminated; fi
    gc_reason=$3
    # A full disk makes a step fail in a hundred ways; name the cause.
    if [ "$gc_reason" != timeout ] && gc_disk_full; then gc_reason=disk_full; fi
    gc_journal failed "$1" "$2" "$gc_reason"
    gc_end failed
}

gc_disk_full() {
    for gc_folder in "$gc_home" / /var /tmp; do
        # shellcheck disable=SC2046 # two numbers
        set -- $(stat -f -c '%a %S' "$gc_folder" 2>/dev/null)
        [ "$((${1:-1} * ${2:-4096}))" -ge 65536 ] || return 0
    done
    return 1
}

# What systemd does as a whole; `stopping`: the host goes down. TERM must be ignored here,
# for what stops the unit may send it to systemctl, too.
gc_system() {
    systemctl is-system-running 2>/dev/null
}

gc_on_term() {
    gc_term=1
    [ -n "$gc_writing" ] || gc_terminated
}

# On TERM: a cancel if the tombstone says so, or the host goes down, or somebody meant us.
gc_terminated() {
    trap '' TERM
    if [ -e ../tombstone ]; then
        # Who cancels writes the end, when nothing of the unit is left.
        rm -rf values steps handlers reserve
        exit 0
    fi
    case $(gc_system) in
    initializing | starting | running | degraded | maintenance) gc_end stopped ;;
    # Nor does a system answer, perhaps, that goes down.
    *) gc_end interrupted ;;
    esac
}

# Tells the runner when the time in gc_limit_file is over.
gc_watch() {
    trap - TERM
    trap '' USR1
    exec 3>&- 9>&-
    while sleep 1; do
        read -r gc_limit <"$gc_limit_file" || continue
        read -r gc_up _ </proc/uptime
        [ "${gc_limit:-0}" = 0 ] || [ "${gc_up%.*}" -lt "$gc_limit" ] || kill -USR1 "$$"
    done
} >/dev/null 2>&1

# Executes a script in a subshell and waits for it; gc_code is its exit code.
# It runs in the background, so that a TERM is heard meanwhile.
gc_execute() { # SCRIPT LIMIT(s)
    read -r gc_up _ </proc/uptime
    # A second more: those of the watchdog are whole ones.
    gc_limit=$((${gc_up%.*} + 1 + $2))
    printf '%s\n' "$gc_limit" >"$gc_limit_file"
    gc_expired=
    (
        trap - TERM USR1
        exec 3>&- 9>&-
        cd /root
        unset OLDPWD
        umask 022
        set -e
        # shellcheck disable=SC1090 # the step's script
        . "$gc_attempt/$1"
    ) </dev/null &
    gc_child=$!
    while :; do
        wait "$gc_child"
        gc_code=$?
        [ -z "$gc_expired" ] || break
        # Also a USR1 that came too late for the last script ends a wait.
        if [ "$gc_code" -le 128 ] || ! kill -0 "$gc_child" 2>/dev/null; then break; fi
    done
    printf '0\n' >"$gc_limit_file"
}

gc_time_over() {
    read -r gc_up _ </proc/uptime
    [ "${gc_up%.*}" -lt "$gc_limit" ] || gc_expired=1
}

# A file step's check and run: the same content, owner and mode.
gc_read_file_step() {
    cd "$gc_attempt/$gc_folder"
    IFS= read -r gc_target <path
    read -r gc_owner <owner
    read -r gc_group <group
    read -r gc_mode <mode
}

gc_file_in_place() {
    gc_read_file_step
    [ -f "$gc_target" ] && cmp -s file "$gc_target" &&
        [ "$(stat -L -c '%U %G %a' "$gc_target")" = "$gc_owner $gc_group $gc_mode" ]
}

gc_file_put() {
    gc_read_file_step
    # A link is followed, so that it stays one; the file itself is exchanged whole.
    if [ -L "$gc_target" ]; then gc_target=$(readlink -f "$gc_target"); fi
    gc_parent=$(dirname "$gc_target")
    mkdir -p "$gc_parent"
    # Hidden: what a crash leaves of it must not be read by who reads all of a folder.
    gc_new=$(mktemp "$gc_parent/.${gc_target##*/}.groundcrew.XXXXXX")
    trap 'rm -f "$gc_new"' EXIT
    cat file >"$gc_new"
    chown "$gc_owner:$gc_group" "$gc_new"
    chmod "$gc_mode" "$gc_new"
    sync -d "$gc_new"
    mv -fT "$gc_new" "$gc_target"
}

# The two functions that steps may use about on_change: whether a command is still
# due, and to run the due ones now instead of after the steps.
changes_pending() {
    for gc_handler in "$gc_attempt"/handlers/*/id; do
        [ -e "$gc_handler" ] || return 1
        read -r gc_id <"$gc_handler"
        [ ! -e "$gc_home/pending/$gc_id" ] || return 0
    done
    return 1
}

apply_changes() {
    for gc_handler in "$gc_attempt"/handlers/*; do
        [ -e "$gc_handler/id" ] || return 0
        read -r gc_id <"$gc_handler/id"
        [ -e "$gc_home/pending/$gc_id" ] || continue
        # shellcheck disable=SC1091 # the handler's command
        . "$gc_handler/command"
        rm -f "$gc_home/pending/$gc_id"
    done
}

gc_step() { # NUMBER
    gc_folder=steps/$1
    read -r gc_step_limit <"$gc_folder/timeout"
    gc_journal start "$1" -
    if [ -e "$gc_folder/assert" ]; then
        gc_execute "$gc_folder/assert" "$gc_step_limit"
        [ -z "$gc_expired" ] || gc_fail "$1" - timeout
        if [ "$gc_code" = 0 ]; then gc_journal in_place "$1" 0; return; fi
        if [ "$gc_mode_word" = plan ]; then gc_journal would_run "$1" "$gc_code"; gc_would_run=1; return; fi
        gc_fail "$1" "$gc_code" assert
    fi
    gc_execute "$gc_folder/check" "$gc_step_limit"
    [ -z "$gc_expired" ] || gc_fail "$1" - timeout
    if [ "$gc_code" = 0 ]; then gc_journal in_place "$1" 0; return; fi
    if [ "$gc_mode_word" = plan ]; then
        # What an earlier step would bring may be what this check lacks.
        [ "$gc_code" = 1 ] || [ -n "$gc_would_run" ] || gc_fail "$1" "$gc_code" check
        gc_would_run=1
        gc_journal would_run "$1" "$gc_code"
        return
    fi
    [ "$gc_code" = 1 ] || gc_fail "$1" "$gc_code" check
    if [ -e "$gc_folder/on_change" ]; then
        # Before the change, so that no crash can lose it.
        read -r gc_id <"$gc_folder/on_change"
        if ! mkdir -p "$gc_home/pending" || ! printf '' >"$gc_home/pending/$gc_id"; then
            gc_fail "$1" - run
        fi
        sync "$gc_home/pending"
    fi
    gc_sync
    gc_execute "$gc_folder/run" "$gc_step_limit"
    [ -z "$gc_expired" ] || gc_fail "$1" - timeout
    [ "$gc_code" = 0 ] || gc_fail "$1" "$gc_code" run
    gc_execute "$gc_folder/check" "$gc_step_limit"
    [ -z "$gc_expired" ] || gc_fail "$1" - timeout
    case $gc_code in
    0) ;;
    1) gc_fail "$1" 1 recheck ;;
    *) gc_fail "$1" "$gc_code" check ;;
    esac
    gc_journal changed "$1" 0
    gc_sync
}

gc_handler() { # NUMBER OF THE HANDLER, NUMBER IN THE JOURNAL
    read -r gc_id <"handlers/$1/id"
    [ -e "$gc_home/pending/$gc_id" ] || return 0
    read -r gc_step_limit <"handlers/$1/timeout"
    gc_journal start "$2" -
    gc_execute "handlers/$1/command" "$gc_step_limit"
    [ -z "$gc_expired" ] || gc_fail "$2" - timeout
    [ "$gc_code" = 0 ] || gc_fail "$2" "$gc_code" run
    rm -f "$gc_home/pending/$gc_id"
    gc_journal changed "$2" 0
    gc_sync
}

gc_runner() { # ATTEMPT FOLDER
    gc_attempt=$1
    umask 077
    # The unit begins with an empty environment.
    export HOME=/root USER=root LOGNAME=root SHELL=/bin/sh LC_ALL=C.UTF-8 TERM=dumb
    export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    cd "$gc_attempt" || exit 1
    exec 3>>journal 9<>"$gc_host_lock"
    flock -w 60 3 || exit 1
    exec >>out 2>&1
    gc_sequence=0 gc_journal_size=0 gc_lost=0 gc_last_size=0
    gc_term=0 gc_writing='' gc_expired='' gc_would_run='' gc_watchdog=''
    read -r gc_up _ </proc/uptime
    gc_clock=$(($(date +%s%3N) - ${gc_up%.*} * 1000 - (1${gc_up#*.} - 100) * 10))
    read -r gc_mode_word <mode
    read -r gc_number <first
    # Whoever started us took it for us, and lets go of it now: soon, but hosts can be slow.
    if ! flock -w 60 9; then
        rm -rf values steps handlers reserve
        gc_journal end - - busy
        exit 0
    fi
    trap gc_on_term TERM
    trap gc_time_over USR1
    gc_journal begin - -

    # The proxies are the one thing of /etc/environment that steps get.
    if [ -r /etc/environment ]; then
        while IFS='=' read -r gc_key gc_value; do
            gc_value=${gc_value#[\"\']} gc_value=${gc_value%[\"\']}
            case ${gc_key#export } in
            http_proxy | https_proxy | ftp_proxy | no_proxy | all_proxy | HTTP_PROXY | HTTPS_PROXY | FTP_PROXY | NO_PROXY | ALL_PROXY)
                export "${gc_key#export }=$gc_value" ;;
            esac
        done </etc/environment
    fi
    # Values arrive as files, so that no shell ever reads them as text of its own.
    for gc_file in values/*; do
        [ -e "$gc_file" ] || break
        gc_value=$(cat "$gc_file" && printf x)
        export "${gc_file#values/}=${gc_value%x}"
    done
    # shellcheck disable=SC1091 # sent with the run
    . "$gc_attempt/prelude.sh"

    printf '0\n' >"$gc_limit_file"
    gc_watch &
    gc_watchdog=$!

    gc_steps=0
    for gc_folder in steps/*; do [ ! -d "$gc_folder" ] || gc_steps=$((gc_steps + 1)); done
    gc_first=$gc_number
    while [ "$gc_number" -le "$gc_steps" ]; do
        gc_step "$gc_number"
        gc_number=$((gc_number + 1))
    done
    if [ "$gc_mode_word" != plan ]; then
        gc_number=1
        while [ -d "handlers/$gc_number" ]; do
            if [ "$((gc_steps + gc_number))" -ge "$gc_first" ]; then
                gc_handler "$gc_number" "$((gc_steps + gc_number))"
            fi
            gc_number=$((gc_number + 1))
        done
    fi
    gc_end completed
}

gc_runner "$1"
