#!/bin/sh
# The shell functions that every script of a job can use. The runner on the
# host sources this file once, before the steps.
#
# - POSIX sh, as Debian's dash speaks it, and few processes: a run that finds
#   everything in place should take no longer than looking.
# - A question answers 0 (yes) or 1 (no); whoever can't answer calls `fail`.
# - Names of variables begin with `_`, so that no step's own are overwritten.
# - No function relies on `set -e`: it is off inside of `if`, `&&` and `||`.
#
# The runner adds two functions: `changes_pending` (is an on_change command
# still due?) and `apply_changes` (runs those that are due now).

# shellcheck disable=SC3013 # -nt and -ef are POSIX since 2024; dash has always had them

_newline='
'

# For apt and all that it starts: ask nothing, keep configuration files that
# were changed, restart no services on its own.
export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1
export NEEDRESTART_SUSPEND=1

# fail MESSAGE: ends the step with an error. Not 1, which is a check's "no".
fail() {
    printf '%s\n' "$*" >&2
    exit 2
}

# wait_until SECONDS COMMAND…: asks again every half second.
wait_until() {
    _tries=$(($1 * 2))
    shift
    until "$@"; do
        _tries=$((_tries - 1))
        [ "$_tries" -gt 0 ] || return 1
        sleep 0.5
    done
}

# --- Packages ---------------------------------------------------------------

# Sets _states to a line "name state" for each of these packages that dpkg has heard of.
_package_states() {
    _states=$(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null) ||
        [ $? -eq 1 ] || fail "dpkg-query can't read its database; see: dpkg --audit"
    _states=$_newline$_states$_newline
}

# package_installed NAME…: all of them, whole and configured.
package_installed() {
    _package_states "$@"
    for _name; do
        case $_states in *"$_newline${_name%%:*} installed$_newline"*) ;; *) return 1 ;; esac
    done
}

# package_purged NAME…: none of them, and nothing of their configuration.
package_purged() {
    _package_states "$@"
    for _name; do
        case $_states in
        *"$_newline${_name%%:*} not-installed$_newline"*) ;;
        *"$_newline${_name%%:*} "*) return 1 ;;
        esac
    done
}

# package_available NAME…: apt could install all of them.
package_available() {
    for _name; do
        apt-cache show "$_name" >/dev/null 2>&1 || return 1
    done
}

# install_packages NAME…: those and what they depend on; not what they recommend.
install_packages() {
    package_installed "$@" && return 0
    repair_dpkg || return
    apt_lists_fresh || apt_update ||
        echo "Could not get new package lists; trying with those that are here." >&2
    _apt_get install "$@" && return 0
    # What a list names may be gone from the mirror by now.
    echo "Trying once more, with new package lists." >&2
    apt_update && _apt_get install "$@"
}

# remove_packages NAME…: with their configuration.
remove_packages() {
    package_purged "$@" && return 0
    repair_dpkg || return
    # apt would stop at a name that neither dpkg nor a list has heard of.
    _known=
    for _name; do
        case $_states in *"$_newline${_name%%:*} "*) _known="$_known $_name" ;; esac
    done
    # shellcheck disable=SC2086 # several names
    _apt_get purge $_known
}

# apt_lists_fresh: got within the last hour, and after the last change of the sources.
apt_lists_fresh() {
    _got=/var/lib/apt/lists/partial
    set -- /var/lib/apt/lists/*Release
    [ -e "$1" ] || return 1
    for _source in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/sources.list.d/*; do
        [ ! "$_source" -nt "$_got" ] || return 1
    done
    [ -n "$(find "$_got" -maxdepth 0 -mmin -60 2>/dev/null)" ]
}

# apt_update: new package lists; network errors are tried again.
apt_update() {
    wait_for_apt || return
    for _pause in 2 5; do
        _apt_get -o APT::Update::Error-Mode=any update && return 0
        echo "apt-get update failed; trying again in $_pause s." >&2
        sleep "$_pause"
    done
    # One broken source among good ones must not stop every job.
    _apt_get update
}

_apt_get() {
    apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600 -o APT::Install-Recommends=false \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

# dpkg_healthy: no installation was interrupted half-way.
dpkg_healthy() {
    for _left in /var/lib/dpkg/updates/[0-9]*; do
        [ ! -e "$_left" ] || return 1
    done
    grep -qE '^Status: [a-z]+ (reinstreq|ok (half-|unpacked|triggers-))' /var/lib/dpkg/status &&
        return 1
    [ $? -eq 1 ] || fail "can't read /var/lib/dpkg/status"
}

# repair_dpkg: finishes what was interrupted.
repair_dpkg() {
    wait_for_apt || return
    dpkg_healthy && return 0
    echo "An installation was interrupted here; finishing it." >&2
    dpkg --force-confdef --force-confold --configure -a ||
        echo "dpkg alone can't finish it; trying with apt." >&2
    # What was cut off while its files were unpacked, neither dpkg nor apt picks up by itself.
    _torn=$(dpkg-query --show --showformat='${db:Status-Eflag} ${binary:Package}\n' |
        sed -n 's/^reinstreq //p')
    if [ -n "$_torn" ]; then
        apt_lists_fresh || apt_update
        # shellcheck disable=SC2086 # several names
        _apt_get install --reinstall $_torn || return
    fi
    _apt_get --fix-broken install
}

# wait_for_apt: until cloud-init is done and nobody else uses apt or dpkg.
wait_for_apt() {
    cloud_init_done || {
        echo "Waiting for cloud-init." >&2
        timeout 600 cloud-init status --wait >/dev/null 2>&1
        cloud_init_done || echo "It did not end well; see: cloud-init status --long" >&2
        : >/run/groundcrew.cloud-init
    }
    _told='' _tries=600
    while _find_apt_user; do
        [ "$_told" = "$_user" ] || echo "Waiting for $_user." >&2
        _told=$_user _tries=$((_tries - 1))
        [ "$_tries" -gt 0 ] ||
            fail "Gave up after 10 minutes. See what it does, end it if it hangs, and start again."
        sleep 1
    done
}

# cloud_init_done: not at work in this boot, or waited for already.
cloud_init_done() {
    [ ! -e /run/cloud-init/enabled ] || [ -e /run/cloud-init/result.json ] ||
        [ -e /run/groundcrew.cloud-init ]
}

# Sets _user to who holds one of apt's locks; 1 if nobody does.
_find_apt_user() {
    set -- /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock \
        /var/cache/apt/archives/lock
    _inodes=" $(stat --format=%i "$@" 2>/dev/null | tr '\n' ' ')"
    # 1: POSIX  ADVISORY  WRITE 4711 fe:00:1234 0 EOF
    while read -r _ _type _ _ _pid _inode _; do
        [ "$_type" = POSIX ] || continue
        case $_inodes in *" ${_inode##*:} "*) ;; *) continue ;; esac
        # Another file system may have this inode too: has it really opened our file?
        for _fd in "/proc/$_pid/fd"/*; do
            for _lock; do
                [ "$_fd" -ef "$_lock" ] || continue
                read -r _comm <"/proc/$_pid/comm" || _comm=somebody
                _unit=
                while IFS= read -r _line; do _unit=${_line##*/}; done <"/proc/$_pid/cgroup"
                _user="$_comm (process $_pid${_unit:+ of $_unit}), which holds $_lock"
                return 0
            done
        done
    done </proc/locks 2>/dev/null
    return 1
}

# --- Services ---------------------------------------------------------------

# Sets _unit to the unit's full name: `nginx` is `nginx.service`.
_unit_name() {
    case $1 in
    *.service | *.socket | *.timer | *.path | *.mount | *.target) _unit=$1 ;;
    *) _unit=$1.service ;;
    esac
}

# service_exists NAME
service_exists() {
    _unit_name "$1"
    for _folder in /etc /run /usr/local/lib /usr/lib /lib; do
        # A mask is a link to /dev/null.
        [ ! -f "$_folder/systemd/system/$_unit" ] || return 0
    done
    [ -x "/etc/init.d/${_unit%.service}" ]
}

# service_enabled NAME: starts at boot.
service_enabled() {
    _unit_name "$1"
    [ ! -c "/etc/systemd/system/$_unit" ] || return 1
    # What `systemctl enable` makes, seen without a process.
    for _link in /etc/systemd/system/*.wants/"$_unit" /etc/systemd/system/*.requires/"$_unit"; do
        [ ! -L "$_link" ] || return 0
    done
    systemctl is-enabled --quiet "$_unit" 2>/dev/null || return 1
}

# service_active NAME: runs now.
service_active() {
    _unit_name "$1"
    systemctl is-active --quiet "$_unit" || return 1
}

# enable_service NAME: runs now, and starts at boot.
enable_service() {
    _unit_name "$1"
    service_enabled "$1" || systemctl enable --quiet "$_unit" || return
    systemctl start "$_unit" || _explain "$_unit"
}

# disable_service NAME: neither runs nor starts at boot.
disable_service() {
    service_exists "$1" || return 0
    systemctl disable --now --quiet "$_unit"
}

# stop_service NAME
stop_service() {
    service_exists "$1" || return 0
    systemctl stop "$_unit"
}

# reload NAME: reads its configuration again; starts where it does not run.
reload() {
    _unit_name "$1"
    systemctl reload-or-restart "$_unit" || _explain "$_unit"
}

# restart NAME
restart() {
    _unit_name "$1"
    systemctl restart "$_unit" || _explain "$_unit"
}

# Shows why a unit does not do what it should; 1.
_explain() {
    systemctl status --no-pager --full --lines=20 "$1" >&2
    return 1
}

# --- Users ------------------------------------------------------------------

# user_exists NAME
user_exists() {
    id -u -- "$1" >/dev/null 2>&1 || return 1
}

# ensure_user NAME: a person's account without a password, and a group of its own.
ensure_user() {
    user_exists "$1" && return 0
    if getent group "$1" >/dev/null; then
        useradd --create-home --shell /bin/bash --gid "$1" "$1"
    else
        useradd --create-home --shell /bin/bash --user-group "$1"
    fi
}

# as_user NAME COMMAND…: what a user owns is changed as that user. Root would
# follow a link that the user put there, to any file.
as_user() {
    _name=$1
    shift
    runuser -u "$_name" -- "$@"
}

# --- HTTP -------------------------------------------------------------------

# http_status URL: prints the status code of the answer; 1 without an answer.
# For http:// bash is enough, which every Debian has, and a fifth of curl's time.
http_status() {
    case $1 in
    http://*) ;;
    *)
        curl --silent --show-error --output /dev/null --max-time 10 --write-out '%{http_code}\n' "$1"
        return
        ;;
    esac
    # shellcheck disable=SC2016 # it is bash that expands this
    timeout 10 bash -c '
        rest=${1#http://} host=${rest%%/*} path=${rest#"$host"} port=80
        [[ $host != *:* ]] || port=${host##*:}
        exec 3<>"/dev/tcp/${host%:*}/$port" || exit 1
        printf "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" "${path:-/}" "$host" >&3
        read -r version status _ <&3 && [[ $version == HTTP/* ]] && echo "$status"
    ' bash "$1" || return 1
}

# http_answers URL: with status 200.
http_answers() {
    [ "$(http_status "$1" 2>/dev/null)" = 200 ]
}
