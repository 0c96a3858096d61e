# shellcheck shell=bash
# The lab's verbs, one function each, in the order of the help.

# Reads the lab's network number, which the names of its links come from.
load() {
    N=$(cat "$LAB/net" 2>/dev/null) || N=
    [[ -z $N ]] || GATEWAY=$(gateway "$N")
}

# For a verb that is about one host: it exists, and nobody else does something to it meanwhile.
one_host() {
    [[ ${1:-} =~ ^[1-9][0-9]*$ ]] || usage "which host? Give its number, like 1"
    load
    [[ -e $LAB/hosts/$1/ready ]] || die "lab $NAME has no host $1; make it with: lab up $1"
}

hold_host() {
    one_host "${1:-}"
    lock "$RUN/.locks/$NAME" -s
    one_host "$1"
    lock "$LAB/hosts/$1/lock"
}

running() {
    [[ $(state_of "$1") == running* ]] || die "host $1 of lab $NAME is down; boot it with: lab start $1"
}

verb_up() {
    local count='' suite='' disk=1g pid='' i jobs=() failed=0
    while (($#)); do
        case $1 in
        --suite | --disk | --while) (($# > 1)) || usage "$1 needs a value" ;;&
        --suite) suite=$2 && shift ;;
        --disk) disk=$2 && shift ;;
        --while) pid=$2 && shift ;;
        [1-9]*) count=$1 ;;
        *) usage "up: what is '$1'?" ;;
        esac
        shift
    done
    [[ $count =~ ^[0-9]{1,3}$ ]] && ((count <= 240)) || usage "up: how many hosts? Give a number from 1 to 240"
    local wanted=$suite
    suite=${suite:-bookworm}
    check_suite "$suite"
    [[ -z $pid || -d /proc/$pid ]] || die "--while: there is no process $pid; nothing was started"
    base_make "$suite"

    lock "$RUN/.locks/$NAME"
    if [[ $(cat "$LAB/boot" 2>/dev/null) != "$BOOT_ID" || ! -e $LAB/net.ready ]]; then
        lab_clear # remains: of a crash, or from before this machine was started
        lab_make "$suite"
    fi
    load
    rm -f "$LAB/dying"
    [[ -z $pid ]] || watch_start "$pid"
    seed "$suite"

    for ((i = 1; i <= count; i++)); do
        [[ ! -e $LAB/hosts/$i/ready || $(field "$i" suite) == "$suite" || -z $wanted ]] ||
            die "host $i of lab $NAME is $(field "$i" suite), not $suite; use another lab (--lab NAME), or take this one down first: lab down"
    done
    for ((i = 1; i <= count; i++)); do
        (
            if [[ -e $LAB/hosts/$i/ready ]]; then
                [[ $(state_of "$i") == stopped ]] || exit 0
                boots=$(field "$i" boots)
                host_kill "$i"
            else
                boots=0
                host_remove "$i"
                host_make "$i" "$suite" "$disk"
            fi
            host_start "$i"
            host_wait "$i" "$boots"
        ) &
        jobs+=("$!")
    done
    for ((i = 1; i <= count; i++)); do
        if wait "${jobs[i - 1]}"; then print_host "$i"; else failed=1; fi
    done
    known_hosts
    exit "$failed"
}

# What there is once for a lab: key, network, rules, and what its hosts take over from this machine.
lab_make() {
    mkdir -p "$LAB/hosts"
    echo "$BOOT_ID" >"$LAB/boot"
    echo "$EPOCHREALTIME" >"$LAB/id"
    ssh-keygen -q -t ed25519 -N '' -C "lab-$NAME" -f "$LAB/key"
    : >"$LAB/known_hosts"
    [[ -z ${SUDO_UID:-} ]] || chown "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$LAB/key" "$LAB/key.pub"
    lock "$RUN/.lock"
    net_claim
    unlock
    load
    # systemd takes some of these in each host, and all hosts are root to the kernel.
    sysctl_raise fs/inotify/max_user_instances 4096
    seed "$1"
    net_make "$N" "${LOOPBACK[@]}"
    : >"$LAB/net.ready"
}

seed() {
    [[ ! -e $LAB/seed-$1/ready ]] || return 0
    seed_make "$LAB/seed-$1" "$1" "$(base_path "$1")"
    : >"$LAB/seed-$1/ready"
}

# Removes all of this lab, in whatever state it is. Called with its lock held.
lab_clear() {
    local mount claim
    cgroup_kill ''
    awk -v under="$LAB/" 'index($5, under) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
        while read -r mount; do umount "$mount" 2>/dev/null || umount -l "$mount"; done
    for claim in "$RUN"/.nets/*; do
        [[ ! -e $claim || $(<"$claim") != "$NAME" ]] || net_remove "${claim##*/}"
    done
    rm -rf --one-file-system "${LAB:?}"
}

# Only root's login is needed to read it, so it is written as a whole, whenever hosts were added.
known_hosts() {
    local i
    for i in $(hosts); do
        [[ ! -e $LAB/hosts/$i/ready ]] || cat "$LAB/hosts/$i/known_hosts"
    done >"$LAB/known_hosts.new"
    mv "$LAB/known_hosts.new" "$LAB/known_hosts"
}

print_host() {
    echo "$1 $(field "$1" address) $(field "$1" suite) $(state_of "$1")"
}

# Prints when a process was started, in ticks; fails when it has ended, also if nobody has
# collected it yet.
started() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -r -a stat <<<"${stat##*) }"
    [[ ${stat[0]} != [ZX] ]] && REPLY=${stat[19]}
}

watch_start() {
    started "$1" || die "--while: process $1 has ended; clear up with: lab down"
    cgroup_kill watch
    (cd / && exec setsid "$SELF" --lab "$NAME" _watch "$1" "$REPLY" "$(<"$LAB/id")" </dev/null >/dev/null 2>&1) &
}

# Takes the lab down when the process ends. It goes by itself when the lab is no longer that lab.
verb__watch() {
    cgroup_enter watch
    close_inherited
    while started "$1" && [[ $REPLY == "$2" ]]; do
        { read -r REPLY <"$LAB/id"; } 2>/dev/null && [[ $REPLY == "$3" ]] || exit 0
        pause 0.1
    done
    local root
    for root in "${CGS[@]}"; do echo "$BASHPID" >"${root%/*}/cgroup.procs"; done
    verb_down
}

verb__supervise() {
    load
    host_supervise "$1"
}

verb_down() {
    local lab
    if [[ ${1:-} == --all ]]; then
        for lab in "$RUN"/[a-z]*; do
            [[ ! -d $lab ]] || "$SELF" --lab "${lab##*/}" down
        done
        return
    fi
    (($# == 0)) || usage "down: what is '$1'?"
    [[ ! -d $LAB ]] || : >"$LAB/dying"
    lock "$RUN/.locks/$NAME"
    lab_clear
    rm -f "$RUN/.locks/$NAME"
    unlock
    lock "$RUN/.lock"
    if ! compgen -G "$RUN/.nets/*" >/dev/null; then
        sysctl_restore
        ! mountpoint -q "$RUN/.cgroup2" || umount "$RUN/.cgroup2"
        rm -f "$RUN/.lock"
        rmdir "$RUN"/.[a-z]* "$RUN" 2>/dev/null || true
    fi
    unlock
}

verb_list() {
    local i separator=
    if [[ ${1:-} == --json ]]; then
        printf '['
        for i in $(hosts); do
            printf '%s\n  {"lab":"%s","host":%d,"name":"lab-%s-%d","address":"%s","suite":"%s","state":"%s","link":"%s"}' \
                "$separator" "$NAME" "$i" "$NAME" "$i" "$(field "$i" address)" "$(field "$i" suite)" \
                "$(state_of "$i" | cut -d ' ' -f 1)" "$([[ -e $LAB/hosts/$i/cut ]] && echo cut || echo up)"
            separator=,
        done
        printf '%s]\n' "${separator:+$'\n'}"
    else
        (($# == 0)) || usage "list: what is '$1'?"
        for i in $(hosts); do print_host "$i"; done
    fi
}

verb_ssh() {
    one_host "${1:-}"
    running "$1"
    [[ ! -e $LAB/hosts/$1/cut ]] || die "host $1's link is cut; mend it with: lab mend $1"
    host_ssh "$@"
}

verb_cut() {
    hold_host "${1:-}"
    lock "$LAB/hosts/$1/link.lock"
    : >"$LAB/hosts/$1/cut"
    link_state "$N" "$1" 0
}

verb_mend() {
    hold_host "${1:-}"
    lock "$LAB/hosts/$1/link.lock"
    rm -f "$LAB/hosts/$1/cut"
    link_state "$N" "$1" 3
}

verb_reboot() {
    local boots
    hold_host "${1:-}"
    [[ ${2:-} =~ ^(--hard)?$ ]] || usage "reboot: what is '$2'?"
    running "$1"
    boots=$(field "$1" boots)
    if [[ ${2:-} == --hard ]]; then
        host_kill "$1"
        host_start "$1"
    else
        host_reboot "$1"
    fi
    host_wait "$1" "$boots"
    print_host "$1"
}

verb_kill() {
    hold_host "${1:-}"
    host_kill "$1"
}

verb_start() {
    local boots
    hold_host "${1:-}"
    if [[ $(state_of "$1") == stopped ]]; then
        boots=$(field "$1" boots)
        host_kill "$1" # whatever a supervisor that was killed has left
        host_start "$1"
        host_wait "$1" "$boots"
    fi
    print_host "$1"
}

verb_key() { lab_file key; }
verb_known_hosts() { lab_file known_hosts; }

lab_file() {
    [[ -e $LAB/net.ready ]] || die "lab $NAME is not up; start it with: lab up 1"
    echo "$LAB/$1"
}

verb_address() {
    if [[ ${1:-} == gateway ]]; then
        lab_file key >/dev/null
        load
        echo "$GATEWAY"
    else
        one_host "${1:-}"
        field "$1" address
    fi
}

verb_base() {
    local suite=bookworm
    [[ ${1:-} != --suite ]] || { suite=${2:-} && shift 2; }
    (($# == 0)) || usage "base: what is '$1'?"
    check_suite "$suite"
    base_make "$suite"
    base_path "$suite"
}
