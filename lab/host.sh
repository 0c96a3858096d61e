# shellcheck shell=bash
# One lab host: its disk (an overlay, with the upper layer on a tmpfs of its own), its identity,
# its life. A supervisor stands for the machine around it: it gives it a network, boots it, and
# boots it again when it reboots.

# Makes the host's disk, not booted yet.
host_make() {
    local i=$1 suite=$2 disk=$3 dir=$LAB/hosts/$1 upper name=lab-$NAME-$1
    mkdir -p "$dir" && install -d -m 700 "$dir/fs" && mkdir "$dir/fs/rw" "$dir/fs/root"
    echo "$suite" >"$dir/suite"
    host_address "$N" "$i" >"$dir/address"
    mount -t tmpfs -o "size=$disk,mode=755" "$name" "$dir/fs/rw" ||
        die "cannot make a disk of size '$disk' for host $i; give --disk a size like 512m or 2g"
    upper=$dir/fs/rw/upper
    mkdir -p "$upper/etc/ssh" "$dir/fs/rw/work"

    echo "$name" >"$upper/etc/hostname"
    printf '%s\n' "127.0.0.1 localhost" "127.0.1.1 $name" "::1 localhost ip6-localhost ip6-loopback" >"$upper/etc/hosts"
    tr -d - </proc/sys/kernel/random/uuid >"$upper/etc/machine-id"
    ssh-keygen -q -t ed25519 -N '' -C "root@$name" -f "$upper/etc/ssh/ssh_host_ed25519_key"
    read -r type key _ <"$upper/etc/ssh/ssh_host_ed25519_key.pub"
    echo "$(host_address "$N" "$i") $type $key" >"$dir/known_hosts"

    mount -t overlay "$name" "$dir/fs/root" -o \
        "lowerdir=$LAB/seed-$suite:$(base_path "$suite"),upperdir=$upper,workdir=$dir/fs/rw/work"
}

# Starts the supervisor, away from the caller: its session, pipes and folder are not ours to keep.
host_start() {
    echo starting >"$LAB/hosts/$1/state"
    (cd / && exec setsid "$SELF" --lab "$NAME" _supervise "$1" </dev/null >>"$LAB/hosts/$1/console.log" 2>&1) &
}

# The supervisor. nspawn ends with 133 when the host rebooted (it can't start over by itself with
# --keep-unit), 0 when it was powered off. Killed, it would leave the host running without it: that
# is why hosts are killed by their control group.
host_supervise() {
    local i=$1 dir=$LAB/hosts/$1 boots=0 code=133
    cgroup_enter "$i/guard"
    close_inherited
    while ((code == 133)); do
        lock "$dir/link.lock"
        link_make "$N" "$i" || break
        unlock
        boots=$(($(field "$i" boots || true) + 1))
        (
            cgroup_enter "$i/host"
            # A cgroup v2 inside, as Debian has by itself, also where this machine has v1: newer
            # systemd refuses to start on v1.
            export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
            # The kernel's network settings are the host's own, and /tmp is on its disk.
            export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network SYSTEMD_NSPAWN_TMPFS_TMP=0
            exec systemd-nspawn --quiet --boot --directory="$dir/fs/root" --machine="lab-$NAME-$i" \
                --network-namespace-path="/run/netns/$(netns_name "$N" "$i")" --capability=CAP_NET_ADMIN \
                --register=no --keep-unit --resolv-conf=off --timezone=off --link-journal=no
        ) &
        echo "$!" >"$dir/nspawn"
        echo running >"$dir/state"
        echo "$boots" >"$dir/boots"
        code=0
        wait "$!" || code=$?
        echo "lab: systemd-nspawn ended with $code"
        link_remove "$N" "$i"
    done
    echo stopped >"$dir/state"
}

# Whatever the caller of `lab up` had open (a pipe that a test waits on to close, a lock of ours)
# must not live on in the supervisor.
close_inherited() {
    local fd
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        ((fd <= 2 || fd == 255)) || eval "exec $fd>&-" 2>/dev/null || true
    done
}

# Waits until root can log in, after the given number of boots; longer than usual by $3 seconds.
host_wait() {
    local i=$1 boots=$2 limit=$((TIMEOUT + ${3:-0})) address deadline line fd
    address=$(field "$i" address)
    now
    deadline=$((NOW + limit * 1000))
    while :; do
        abandoned
        if { read -r line <"$LAB/hosts/$i/boots"; } 2>/dev/null && ((line > boots)); then
            [[ ! -e $LAB/hosts/$i/cut ]] || return 0 # it boots; nobody can see how far it is
            if { exec {fd}<>"/dev/tcp/$address/22"; } 2>/dev/null; then
                line=
                read -r -t 5 -u "$fd" line || true
                exec {fd}>&-
                [[ $line != SSH-* ]] || break
            fi
        fi
        read -r line <"$LAB/hosts/$i/state" || line= # it is being written
        [[ $line != stopped ]] || host_failed "$i" "did not boot"
        now
        ((NOW < deadline)) || host_failed "$i" "does not answer on SSH after $limit s"
        pause 0.03
    done
    # While /run/nologin is there, only root may log in.
    # This key exchange is the cheapest for the processor, which many hosts at once fight for.
    host_ssh "$i" -n -o KexAlgorithms=curve25519-sha256 'while test -e /run/nologin; do sleep 0.02; done' >>"$LAB/hosts/$i/console.log" 2>&1 ||
        host_failed "$i" "answers on SSH, but root can't log in"
    : >"$LAB/hosts/$i/ready"
}

host_failed() {
    local log=$LAB/hosts/$1/console.log
    {
        echo "lab: host $1 $2; its console's last lines:"
        tail -n 8 "$log" | sed 's/^/    /'
        echo "lab: all of it is in $log; \`lab down\` clears up"
    } >&2
    exit 1
}

# host_ssh I [OPTION…] [COMMAND…]
host_ssh() {
    local i=$1 address
    shift
    address=$(field "$i" address)
    ssh -F none -i "$LAB/key" -o IdentitiesOnly=yes -o UserKnownHostsFile="$LAB/hosts/$i/known_hosts" \
        -o GlobalKnownHostsFile=none -o StrictHostKeyChecking=yes -o ConnectTimeout=10 -o LogLevel=ERROR \
        -l root "$address" "$@"
}

# Asks the host's systemd for an orderly reboot, as ctrl-alt-del would: needs no network.
host_reboot() {
    local nspawn init
    nspawn=$(field "$1" nspawn)
    read -r init _ <"/proc/$nspawn/task/$nspawn/children" || true # ends without a newline
    kill -s RTMIN+5 "$init"
}

# Power loss: first the link, so that nobody hears of it, then all processes at once.
host_kill() {
    link_state "$N" "$1" 0
    cgroup_kill "$1"
    link_remove "$N" "$1"
    host_forget "$1"
    echo stopped >"$LAB/hosts/$1/state"
}

# What a systemd-nspawn that was killed leaves behind.
host_forget() {
    rm -f "/run/systemd/nspawn/locks/inode-$(stat -c %d:%i "$LAB/hosts/$1/fs/root" 2>/dev/null)"
    rm -rf --one-file-system "/run/systemd/nspawn/propagate/lab-$NAME-$1"
}

host_remove() {
    local mount
    [[ -d $LAB/hosts/$1 ]] || return 0
    host_kill "$1"
    for mount in "$LAB/hosts/$1/fs/root" "$LAB/hosts/$1/fs/rw"; do
        ! mountpoint -q "$mount" || umount "$mount" 2>/dev/null || umount -l "$mount"
    done
    ip neigh del "$(host_address "$N" "$1")" dev "$(bridge_name "$N")" 2>/dev/null || true
    rm -rf --one-file-system "${LAB:?}/hosts/$1"
}
