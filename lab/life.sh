# shellcheck shell=bash
# The life of a lab as a whole: how it is made and cleared, and how it goes when a process ends.

# Whether there is a lab, whole, and of this start of the machine. Sets N, the number of its network.
lab_is_up() {
    [[ -e $LAB/net.ready && $(<"$LAB/boot") == "$BOOT_ID" ]] || return 1
    N=$(<"$LAB/net")
    GATEWAY=$(gateway "$N")
}

# What there is once for a lab: key, network, rules, and what its hosts take over from this machine.
lab_make() {
    mkdir -p "$LAB/hosts"
    echo "$BOOT_ID" >"$LAB/boot"
    echo "$2" >"$LAB/id"
    ssh-keygen -q -t ed25519 -N '' -C "lab-$NAME" -f "$LAB/key"
    : >"$LAB/known_hosts"
    [[ -z ${SUDO_UID:-} ]] || chown "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$LAB/key" "$LAB/key.pub"
    lock "$RUN/.lock"
    net_claim
    unlock
    N=$(<"$LAB/net")
    GATEWAY=$(gateway "$N")
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
    local mount claim host group
    cgroups
    # All but who watches: if we are killed on the way, it takes the lab down in our stead.
    for group in "$CG/$NAME"/*; do
        [[ ! -d $group || $group == */watch ]] || cgroup_kill "${group##*/}"
    done
    for host in "$LAB"/hosts/*; do
        [[ ! -d $host ]] || host_forget "${host##*/}"
    done
    awk -v under="$LAB/" 'index($5, under) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
        while read -r mount; do umount "$mount" 2>/dev/null || umount -l "$mount"; done
    for claim in "$RUN"/.nets/*; do
        [[ ! -e $claim || $(<"$claim") != "$NAME" ]] || net_remove "${claim##*/}"
    done
    rm -rf --one-file-system "${LAB:?}"
    cgroup_kill ''
}

# Only root's login is needed to read it, so it is written as a whole, whenever hosts were added.
known_hosts() {
    local i
    for i in $(hosts); do
        [[ ! -e $LAB/hosts/$i/ready ]] || cat "$LAB/hosts/$i/known_hosts"
    done >"$LAB/known_hosts.new"
    mv "$LAB/known_hosts.new" "$LAB/known_hosts"
}

# Prints when a process was started, in ticks; fails when it has ended, also if nobody has
# collected it yet.
started() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -r -a stat <<<"${stat##*) }"
    [[ ${stat[0]} != [ZX] ]] && REPLY=${stat[19]}
}

# watch_start PID SINCE ID: of process and lab, what tells them from later ones of the same name.
watch_start() {
    cgroup_kill watch
    (cd / && exec setsid "$SELF" --lab "$NAME" _watch "$@" </dev/null >/dev/null 2>&1) &
}

# Takes the lab down when the process ends.
verb__watch() {
    local root
    cgroup_enter watch
    close_inherited
    while started "$1" && [[ $REPLY == "$2" ]]; do pause 0.1; done
    # Out of the group that is about to be killed.
    for root in "${CGS[@]}"; do echo "$BASHPID" >"${root%/*}/cgroup.procs"; done
    [[ -e $LAB/id && $(<"$LAB/id") != "$3" ]] || verb_down
}
