#!/bin/sh
# shellcheck disable=SC3013 # -nt and -ef are POSIX since 2024; dash has always had them
# Makes this server ready for Groundcrew. Run it as root on a new Debian server.
#
# What it does, in three steps, each told to the installation below:
#   1. says that it is here, signed with this server's SSH host key;
#   2. prepares the server: the steps under "What is put in place", each only
#      where it is not in place yet;
#   3. looks whether this server's sshd shows the key that has signed.
# Then a worker logs in over SSH with the key below, and goes on.
#
# It holds no secret but the token of the address that you got it from, which is
# of use to nobody once this server has said that it is here. Running it again
# is harmless: it goes on where it ended, or says that there is nothing to do.
# What it prints is kept in /var/log/groundcrew-join.log.

# @values@

# --- The three steps ---------------------------------------------------------

main() {
    umask 077
    # Whoever starts it may have another idea of where commands are, and of their language.
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    export PATH LC_ALL=C.UTF-8
    unset CDPATH ENV
    # In memory: also a server whose disk is full can say so.
    folder=/run/groundcrew-join output=/run/groundcrew-join/output
    host_key=/etc/ssh/ssh_host_ed25519_key log=/var/log/groundcrew-join.log
    step='' problem='' kind=script_failed child=''
    # So long, in seconds, it goes on trying to reach the installation.
    patience=600

    look_around
    trap 'leave $?' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM

    step=1
    look_at_system
    if [ -n "$resumed" ]; then
        say "Going on after step $done_steps, where this script ended before."
    else
        say_hello
    fi
    if [ "$done_steps" -lt 2 ]; then
        step=2
        say "2. Preparing server"
        compare_clocks
        for name in $prepare_steps; do prepare "$name"; done
        call_back 2 completed
    fi
    step=3
    say "3. Checking status"
    look_at_sshd
    call_back 3 completed
    step=
    say "Done. A worker logs in now and goes on; you can see it in Groundcrew."
}

# What can't be told to anybody: no root, no key to sign with, nothing to call with.
look_around() {
    [ "$(id -u)" -eq 0 ] || stop "Run this as root: become root first, as with sudo -i."
    command -v curl >/dev/null || command -v wget >/dev/null ||
        stop "Neither curl nor wget is here. Install one: apt-get install curl"
    if ! command -v ssh-keygen >/dev/null || ! [ -e "$host_key" ]; then
        stop "There is no sshd here, or it has no Ed25519 host key. Install it: apt-get install openssh-server; or make the key: ssh-keygen -A"
    fi
    mkdir -p "$folder" || stop "Can't write to /run. See: df -h /run"
    exec 9>"$folder/lock"
    flock -n 9 || stop "This script is running here already. See what it does: tail -f $log"
    rm -f "$folder/head" "$output"
    # Which line it was, this go's name, the callbacks so far, the steps that are done.
    line=$(printf %s "$token" | sha256sum) line=${line%% *}
    new_go
    resumed='' ready=''
    [ -e "$folder/state" ] || return 0
    read -r known_line known_provision known_sequence known_steps <"$folder/state"
    [ "$known_line" = "$line" ] || return 0
    if [ "$known_steps" -eq 3 ]; then
        ready=1
    else
        resumed=1 provision=$known_provision sequence=$known_sequence done_steps=$known_steps
    fi
}

new_go() {
    provision=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n') sequence=0 done_steps=0
}

look_at_system() {
    ID='' NAME='' VERSION_ID='' VERSION_CODENAME=''
    # shellcheck disable=SC1091 # the system's own
    [ ! -r /etc/os-release ] || . /etc/os-release
    case "$ID $VERSION_ID" in
    'debian 12' | 'debian 13') ;;
    *)
        kind=unsupported_host
        fail_step "This is ${ID:-an unknown system} $VERSION_ID. Groundcrew prepares Debian 12 and 13; nothing was changed here."
        ;;
    esac
    [ -d /run/systemd/system ] || {
        kind=unsupported_host
        fail_step "This system does not run systemd, which Groundcrew needs; nothing was changed here."
    }
}

say_hello() {
    say "1. Calling $url"
    call_back 1 completed
}

# A clock that is wrong lets package lists look forged, and certificates expired.
compare_clocks() {
    theirs=$(sed -n 's/^ *[Dd]ate: *//p' "$folder/head" 2>/dev/null | tail -n 1 | tr -d '\r')
    [ -n "$theirs" ] && theirs=$(date -d "$theirs" +%s 2>/dev/null) || return 0
    off=$(($(date +%s) - theirs))
    [ "${off#-}" -le 300 ] ||
        fail_step "The clock here is ${off#-} s off ($(date -u '+%F %T') UTC). Set it (timedatectl set-ntp true, or date -s), then run the line again."
}

# The key that has signed must be the one that workers will meet.
look_at_sshd() {
    service_active ssh || fail_step "sshd does not run. See: systemctl status ssh"
    read -r _ key _ <"$host_key.pub"
    for address in 127.0.0.1 ::1 $(hostname -I); do
        if ssh-keyscan -T 5 -p "$ssh_port" -t ed25519 "$address" 2>/dev/null | grep -qF "$key"; then
            return 0
        fi
    done
    fail_step "sshd does not answer on port $ssh_port with the key of $host_key.pub. See: ss -ltnp; and that the server was added with the right port."
}

# One of the steps below: look, put it in place, look again.
prepare() { # NAME
    attempt "check_$1"
    case $code in
    0) say "   $(title "$1"): in place" ;;
    1)
        say "   $(title "$1") ..."
        attempt "run_$1"
        [ "$code" -eq 0 ] || fail_step "$(title "$1") ended with exit code $code."
        attempt "check_$1"
        [ "$code" -eq 0 ] || fail_step "$(title "$1") ended well, and is not in place."
        ;;
    *) fail_step "$(title "$1"): looking ended with exit code $code." ;;
    esac
}

# Runs a function that stops at its first error, into the log; code is its exit code. It runs
# in the background, so that a signal is heard meanwhile.
attempt() { # FUNCTION
    "$1" >"$output" 2>&1 </dev/null 9>&- &
    child=$!
    wait "$child"
    code=$?
    child=
    cat "$output" >>"$log" 2>/dev/null
}

# --- Telling the installation ------------------------------------------------

# Tells how a step ended; comes back only when that was taken. The signature covers method,
# path, this go, the number of the call, and the body's digest.
call_back() { # STEP completed|failed [WHY]
    sequence=$((sequence + 1))
    path=/servers/$server/provision/step
    write_body "$@" >"$folder/body"
    digest=$(sha256sum <"$folder/body") digest=${digest%% *}
    printf '%s\n' "POST $path" "$provision" "$sequence" "$digest" >"$folder/message"
    ssh-keygen -q -Y sign -n groundcrew-callback -f "$host_key" \
        <"$folder/message" >"$folder/signature" 2>"$folder/error" ||
        stop "Could not sign with $host_key: $(cat "$folder/error")"
    signature=$(grep -v -e '-----' "$folder/signature" | tr -d '\n')
    pause=1 waited=0
    while :; do
        post
        case $status in
        200) break ;;
        400 | 403 | 404 | 409 | 413)
            refused "$@"
            return
            ;;
        esac
        [ "$waited" -lt "$patience" ] || {
            stop "Could not reach $url for $waited s ($(tail -n 1 "$folder/error" 2>/dev/null)). See that this server may connect there, then run the line again: it goes on from here."
        }
        [ "$waited" -gt 0 ] || say "   $url does not answer ($status); trying again ..."
        sleep "$pause"
        waited=$((waited + pause)) pause=$((pause * 2))
        [ "$pause" -le 30 ] || pause=30
    done
    # After a failure, the next go begins anew.
    if [ "$2" = failed ]; then
        rm -f "$folder/state"
        return
    fi
    done_steps=$1
    printf '%s\n' "$line $provision $sequence $done_steps" >"$folder/state.new"
    mv "$folder/state.new" "$folder/state"
}

# Sets status to that of the answer; 000 without one. The token is in the body, and so in no
# process list.
post() {
    set -- "Groundcrew-Provision: $provision" "Groundcrew-Sequence: $sequence" \
        "Groundcrew-Signature: $signature" "Content-Type: application/json"
    if command -v curl >/dev/null; then
        status=$(curl -sS --max-time 30 --output "$folder/answer" --dump-header "$folder/head" \
            --write-out '%{http_code}' --header "$1" --header "$2" --header "$3" --header "$4" \
            --data-binary "@$folder/body" "$url$path" 2>"$folder/error") || status=000
    else
        wget -q --server-response --content-on-error --timeout=30 --tries=1 -O "$folder/answer" \
            --header="$1" --header="$2" --header="$3" --header="$4" \
            --post-file="$folder/body" "$url$path" 2>"$folder/head"
        status=$(awk '$1 ~ /^HTTP\// { status = $2 } END { print status ? status : "000" }' "$folder/head")
        cp "$folder/head" "$folder/error"
    fi
}

# The callback was not taken: says why, and ends; or tells it once more, in a new go.
refused() { # STEP completed|failed [WHY]
    detail=$(sed -n 's/.*"detail":"\([^"]*\)".*/\1/p' "$folder/answer")
    case $status,$1,$(cat "$folder/answer") in
    409,1,*'"provision_status":"completed"'*)
        step=
        say "This server has joined already. Nothing was changed."
        exit 0
        ;;
    409,1,*'"provision_status":"installing"'*)
        if [ -n "$ready" ]; then
            step=
            say "This server is ready; a worker goes on with it. Nothing was changed."
            exit 0
        fi
        ;;
    409,[23],*)
        # The go that this one goes on with was given up by the installation meanwhile.
        if [ -n "$resumed" ]; then
            resumed=
            new_go
            say_hello
            [ "$1" -eq 2 ] || call_back 2 completed
            call_back "$@"
            return
        fi
        ;;
    esac
    stop "$url does not take this ($status): ${detail:-$(head -c 300 "$folder/answer")}"
}

write_body() { # STEP completed|failed [WHY]
    printf '{"step":%s,"status":"%s"' "$1" "$2"
    [ "$1" -ne 1 ] || printf ',"token":"%s"' "$token"
    if [ "$2" = failed ]; then
        printf ',"kind":"%s","error":%s' "$kind" "$(printf '%s' "$3" | json)"
        [ ! -s "$output" ] || printf ',"output":%s' "$(tail -n 20 "$output" | tail -c 3000 | json)"
    fi
    printf ',"os_name":%s,"os_version":%s,"os_codename":%s,"addresses":%s}\n' \
        "$(printf '%s' "${NAME%% *}" | json)" "$(printf '%s' "$VERSION_ID" | json)" \
        "$(printf '%s' "$VERSION_CODENAME" | json)" "$(hostname -I | json)"
}

# Text as a JSON string. What is not plain ASCII is dropped.
json() {
    tr '\011' ' ' | tr -cd '\012\040-\176' | sed 's/[\\"]/\\&/g' |
        awk 'BEGIN { printf "\"" } { printf "%s%s", (NR > 1 ? "\\n" : ""), $0 } END { printf "\"" }'
}

# --- Ends ---------------------------------------------------------------------

say() {
    printf '%s\n' "$*"
    { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >>"$log"; } 2>/dev/null || :
}

# Ends without telling the installation: it can't be told, or knows.
stop() {
    printf '%s\n' "$*" >&2
    step=
    exit 1
}

# Ends, and tells the installation why this step failed.
fail_step() {
    problem=$*
    exit 1
}

# However the script ends: what was not told yet is told now.
leave() { # EXIT-CODE
    trap - EXIT
    trap '' HUP INT TERM
    # It may hold the token.
    rm -f "$folder/body"
    [ -z "$child" ] || kill "$child" 2>/dev/null
    if [ "$1" -eq 0 ] || [ -z "$step" ]; then exit "$1"; fi
    case $1 in
    129 | 130 | 143) problem="The script was ended on the server (exit code $1)." ;;
    esac
    [ "$(df -Pk /var | awk 'END { print $4 }')" -ge 64 ] || kind=disk_full
    failed_step=$step step=
    problem=${problem:-The script ended with exit code $1.}
    printf '%s\n' "$problem" >&2
    [ ! -s "$output" ] || tail -n 20 "$output" >&2
    trap 'rm -f "$folder/body"' EXIT
    call_back "$failed_step" failed "$problem"
    printf '%s\n' "Groundcrew was told. When the cause is gone, run the line again. All output is in $log." >&2
    exit "$1"
}

# --- What is put in place -----------------------------------------------------
# The steps of Groundcrew's job `prepare`, one by one: check_… answers whether it is in place,
# run_… puts it in place.

# @steps@

# --- Functions that these use, as all of Groundcrew's jobs do ------------------

# @prelude@

# Nothing has happened until here: a script that was cut off on its way does nothing.
main "$@" </dev/null
