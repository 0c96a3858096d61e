# shellcheck shell=bash
# What the lab remembers, where, and how its callers keep out of each other's way: paths, locks,
# control groups, settings of the machine that are changed while a lab is up.
#
# Everything is under $RUN. Nothing here trusts a process number from a file: whatever the lab
# started is in a control group of its own, so it can be found and ended also after a crash.

RUN=/run/groundcrew-lab
BOOT_ID=$(</proc/sys/kernel/random/boot_id)

die() {
    printf 'lab: %s\n' "$*" >&2
    exit 1
}

# Sleeps without starting a process: with many hosts, a `sleep` for each look is what costs.
pause() {
    [[ -n ${NEVER:-} ]] || exec {NEVER}<> <(:)
    read -r -t "$1" -u "$NEVER" _ || true
}

# Milliseconds, for deadlines, in NOW.
now() { NOW=$((${EPOCHREALTIME/[.,]/} / 1000)); }

set_lab() {
    [[ $1 =~ ^[a-z][a-z0-9-]{0,29}$ ]] ||
        usage "'$1' is no name for a lab: use up to 30 of a-z, 0-9 and -, with a letter first"
    NAME=$1 LAB=$RUN/$1
}

# Takes a lock file, which whoever takes the lab down may have removed while we waited for it:
# then the lock on the removed file protects nothing, so try again with the new one.
lock() {
    local file=$1 fd
    shift
    while :; do
        mkdir -p "${file%/*}"
        if { exec {fd}>"$file"; } 2>/dev/null; then
            flock "$@" "$fd"
            [[ $file -ef /proc/self/fd/$fd ]] && break
            exec {fd}>&-
        fi
    done
    LOCKED=$fd
}

unlock() { exec {LOCKED}>&-; }

# Control groups. systemd-nspawn (--keep-unit) puts a host into "payload" below its own group:
# without a group for each host they would share one, and the systemd of each would have the
# processes of the others among its own (measured). The same path is used in the cgroup2 hierarchy (found also on
# machines that use cgroup v1 for controllers) and in v1's name=systemd, where nspawn looks.
cgroups() {
    [[ -z ${CG:-} ]] || return 0
    local target rest
    CGS=()
    while read -r _ _ _ _ target rest; do
        case $rest in
        *' - cgroup2 '*) [[ -n ${CG:-} ]] || CG=$target/groundcrew-lab ;;
        *' - cgroup '*name=systemd*) CGS+=("$target/groundcrew-lab") ;;
        esac
    done </proc/self/mountinfo
    if [[ -z ${CG:-} ]]; then
        ((EUID == 0)) || return 0
        mkdir -p "$RUN/.cgroup2" && mount -t cgroup2 none "$RUN/.cgroup2" ||
            die "this kernel has no cgroup2, which the lab needs to find its processes again"
        CG=$RUN/.cgroup2/groundcrew-lab
    fi
    CGS+=("$CG")
}

# Puts the calling process (also a subshell) into the group $1, below the lab's. The parents are
# given all controllers that there are, so that on a cgroup v2 machine the host has them too.
cgroup_enter() {
    local root part path
    cgroups
    for root in "${CGS[@]}"; do
        mkdir -p "$root/$NAME/$1"
        if [[ $root == "$CG" && -s $CG/cgroup.controllers ]]; then
            path=$CG
            for part in "$NAME" ${1//\// }; do
                sed 's/[^ ]*/+&/g' "$path/cgroup.controllers" >"$path/cgroup.subtree_control" || true
                path+=/$part
            done 2>/dev/null
        fi
        echo "$BASHPID" >"$root/$NAME/$1/cgroup.procs"
    done
}

cgroup_busy() {
    local line
    cgroups
    while read -r line; do
        [[ $line != 'populated 1' ]] || return 0
    done 2>/dev/null <"$CG/$NAME/$1/cgroup.events"
    return 1
}

# Kills all that is in the group $1 ("" is the whole lab) at once, and removes the group.
cgroup_kill() {
    local root start
    cgroups
    now
    start=$NOW
    while cgroup_busy "$1"; do
        if [[ -e $CG/$NAME/$1/cgroup.kill ]]; then
            echo 1 >"$CG/$NAME/$1/cgroup.kill"
        else # before Linux 5.14
            find "$CG/$NAME/$1" -name cgroup.procs -exec cat {} + | xargs -r kill -9
        fi
        pause 0.005
        now
        ((NOW - start < 20000)) || die "processes in $CG/$NAME/$1 do not end, even when killed; look at them with: systemd-cgls $CG/$NAME/$1"
    done
    for root in "${CGS[@]}"; do
        for _ in {1..50}; do
            [[ -d $root/$NAME/$1 ]] || break
            find "$root/$NAME/$1" -depth -type d -exec rmdir {} + 2>/dev/null || pause 0.01
        done
        rmdir "$root" 2>/dev/null || true
    done
}

# Raises a setting of the machine, and remembers what it was, for when the last lab goes.
sysctl_raise() {
    local file=/proc/sys/$1 old
    old=$(<"$file")
    ((old < $2)) || return 0
    mkdir -p "$RUN/.sysctl"
    [[ -e $RUN/.sysctl/${1//\//:} ]] || echo "$old" >"$RUN/.sysctl/${1//\//:}"
    echo "$2" >"$file"
}

# If something else (a container engine, say) has turned on forwarding as a whole in the
# meantime, it needs it everywhere, so it is left on.
sysctl_restore() {
    local file key
    for file in "$RUN"/.sysctl/*; do
        [[ -e $file ]] || continue
        key=${file##*/} key=${key//:/\/}
        [[ $key != net/* || $(</proc/sys/net/ipv4/ip_forward) == 0 ]] || continue
        [[ ! -e /proc/sys/$key ]] || cat "$file" >"/proc/sys/$key"
    done
    rm -rf "$RUN/.sysctl"
}

# Whatever waits asks this now and then, so that `down` never has to wait for it.
abandoned() {
    [[ ! -e $LAB/dying && -d /proc/$$ ]] || die "lab $NAME is being taken down"
}

# "1 3 4": the hosts that the lab has, in order.
hosts() {
    local dir
    lab_is_up || return 0
    for dir in "$LAB"/hosts/*; do
        [[ ! -d $dir ]] || echo "${dir##*/}"
    done | sort -n
}

# Reads what a host's file says, or nothing.
field() {
    [[ ! -r $LAB/hosts/$1/$2 ]] || cat "$LAB/hosts/$1/$2"
}

state_of() {
    if cgroup_busy "$1/guard" && [[ $(field "$1" state) == running ]]; then
        [[ -e $LAB/hosts/$1/cut ]] && echo 'running (cut)' || echo running
    else
        echo stopped
    fi
}
