# shellcheck shell=bash
# The base: a minimal Debian with sshd, made once for each suite by debootstrap, kept in the cache
# folder, and shared read-only by every host of every lab.

# Raise this when base_configure or PACKAGES changes: bases made by another recipe are made anew.
RECIPE=1
PACKAGES=openssh-server,systemd,systemd-sysv,dbus,ca-certificates,curl,sudo,iproute2,procps
CACHE=${GROUNDCREW_LAB_CACHE:-/var/cache/groundcrew-lab}

check_suite() {
    [[ $1 =~ ^(bookworm|trixie)$ ]] || usage "there is no suite '$1' in the lab; take bookworm or trixie"
}

base_path() { echo "$CACHE/$1-$RECIPE"; }

# Makes the base of a suite if it is not there. It appears under its name only when complete, and
# of several callers one makes it while the others wait.
base_make() {
    local suite=$1 base temp log mirror old
    [[ $CACHE =~ ^/[^:,\\]*$ ]] || die "GROUNDCREW_LAB_CACHE is '$CACHE'; it must be an absolute path without ':', ',' or '\\'"
    base=$(base_path "$suite")
    [[ ! -d $base ]] || return 0
    mirror=$(apt_mirror "$suite")
    [[ -n $mirror ]] || die "found no Debian mirror in this machine's /etc/apt; name one with GROUNDCREW_LAB_MIRROR=URL"
    need debootstrap
    echo "The $suite base is not there yet; it is made once, which takes about a minute ..." >&2
    lock "$CACHE/.lock-$suite"
    if [[ ! -d $base ]]; then
        for old in "$CACHE/$suite"-*; do
            [[ ! -d $old ]] || base_discard "$old"
        done
        temp=$base.new log=$CACHE/$suite.log
        base_bootstrap "$suite" "$temp" "$mirror" >"$log" 2>&1 && base_configure "$temp" || {
            base_discard "$temp"
            die "debootstrap of $suite failed: $(grep -E '^(E|W):' "$log" | tail -n 1); the whole story is in $log"
        }
        mv "$temp" "$base"
    fi
    unlock
}

# Removes a base of another recipe, or one half-made; but not one that a lab is using.
base_discard() {
    ! grep -qF ":$1," /proc/self/mountinfo || return 0
    base_unmount "$1"
    rm -rf --one-file-system "$1"
}

base_unmount() {
    awk -v under="$1/" 'index($5, under) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
        while read -r mount; do umount -l "$mount"; done
}

base_bootstrap() {
    local suite=$1 temp=$2 mirror=$3 script='' home name failed=0
    # A release that is younger than this debootstrap is made the way all of them are.
    [[ -e /usr/share/debootstrap/scripts/$suite ]] || script=/usr/share/debootstrap/scripts/sid
    # debootstrap fetches with wget, which doesn't read apt's passwords and proxies.
    home=$(mktemp -d)
    sed 's#machine [a-z]*://#machine #; s#\(machine [^/ ]*\)/[^ ]*#\1#' \
        /etc/apt/auth.conf /etc/apt/auth.conf.d/* >"$home/.netrc" 2>/dev/null || true
    (
        export HOME=$home
        while IFS= read -r name; do export "${name?}"; done < <(proxies)
        eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
        [[ -z ${http_proxy:-} ]] || export http_proxy
        [[ -z ${https_proxy:-} ]] || export https_proxy
        debootstrap --variant=minbase --include="$PACKAGES" "$suite" "$temp" "$mirror" ${script:+"$script"}
    ) || failed=1
    rm -r "$home"
    base_unmount "$temp"
    return "$failed"
}

base_configure() {
    local root=$1 unit dir
    # Each host gets these for itself.
    rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/machine-id" "$root/var/lib/dbus/machine-id" \
        "$root/etc/hostname" "$root/etc/apt/sources.list"
    ln -s /etc/machine-id "$root/var/lib/dbus/machine-id"
    rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/archives/*.deb "$root"/var/log/*.log
    mkdir -p "$root/var/lib/apt/lists/partial"

    cat >"$root/etc/ssh/sshd_config.d/lab.conf" <<'END'
# Keys only, and no waiting for a reverse lookup that nobody would answer.
PasswordAuthentication no
UseDNS no
END
    # What a container has no use for, and what would fail in it.
    for unit in console-getty.service getty@.service dev-hugepages.mount sys-fs-fuse-connections.mount \
        systemd-networkd-wait-online.service systemd-pstore.service e2scrub_reap.service; do
        ln -sf /dev/null "$root/etc/systemd/system/$unit"
    done
    # Timers that would take apt's lock, or the processor, at some moment of a test.
    rm -f "$root"/etc/systemd/system/timers.target.wants/*
    # Tells systemd that nothing has to be brought up to date at the first boot.
    for dir in etc var; do touch "$root/$dir/.updated"; done
}
