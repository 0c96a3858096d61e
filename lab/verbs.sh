# shellcheck shell=bash
# The lab's verbs, one function each, in the order of the help.

# For a verb that is about one host: it exists, and nobody else does something to it meanwhile.
one_host() {
    [[ ${1:-} =~ ^[1-9][0-9]*$ ]] || usage "which host? Give its number, like 1"
    lab_is_up && [[ -e $LAB/hosts/$1/ready ]] || die "lab $NAME has no host $1; make it with: lab up $1"
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
    local count='' suite='' disk=1g pid='' since id i jobs=() failed=0
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
    [[ $disk =~ ^[0-9]+[kmgKMG]$ ]] || usage "--disk takes a size like 512m or 2g, not '$disk'"
    local wanted=$suite
    suite=${suite:-bookworm}
    check_suite "$suite"
    if [[ -n $pid ]]; then
        [[ $pid =~ ^[0-9]+$ ]] && started "$pid" || die "--while: there is no process '$pid'; nothing was made"
        since=$REPLY
    fi
    base_make "$suite"

    lock "$RUN/.locks/$NAME"
    # The watcher comes before all that it has to take down.
    if lab_is_up; then
        rm -f "$LAB/dying"
        [[ -z $pid ]] || watch_start "$pid" "$since" "$(<"$LAB/id")"
    else
        lab_clear # remains: of a crash, or from before this machine was started
        id=$EPOCHREALTIME
        [[ -z $pid ]] || watch_start "$pid" "$since" "$id"
        lab_make "$suite" "$id"
    fi
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

print_host() {
    echo "$1 $(field "$1" address) $(field "$1" suite) $(state_of "$1")"
}

verb__supervise() {
    lab_is_up
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
    host_wait "$1" "$boots" 90 # as long as systemd gives a service to stop
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
    lab_is_up || die "lab $NAME is not up; start it with: lab up 1"
    echo "$LAB/$1"
}

verb_address() {
    if [[ ${1:-} == gateway ]]; then
        lab_file key >/dev/null
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
