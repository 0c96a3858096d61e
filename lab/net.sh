# shellcheck shell=bash
# The lab's network: a /24 of its own, a bridge, outgoing NAT, and a link for each host that can
# be cut. Hosts reach each other, this machine and what it routes to; nothing else reaches them.
#
# Names carry the network's number, not the lab's name: an interface name has 15 characters.

NET=${GROUNDCREW_LAB_NET:-10.213}

bridge_name() { echo "gclab-$1"; }
link_name() { echo "gc$1-$2"; }
netns_name() { echo "gclab-$1-$2"; }
gateway() { echo "$NET.$1.1"; }
host_address() { echo "$NET.$1.$((10 + $2))"; }
mac() { printf '02:67:63:%02x:00:%02x\n' "$1" "$2"; }

# Claims the lowest number that no other lab has and this machine does not route already.
# Called with $RUN/.lock held.
net_claim() {
    local n owner
    mkdir -p "$RUN/.nets"
    for n in {0..255}; do
        if [[ -e $RUN/.nets/$n ]]; then
            owner=$(<"$RUN/.nets/$n")
            [[ $owner != "$NAME" && -d $RUN/$owner ]] && continue
            net_remove "$n" # the claim of a lab that is gone
        fi
        [[ ! -e /sys/class/net/$(bridge_name "$n") ]] || net_remove "$n"
        if ip -4 route show root "$NET.$n.0/24" | grep -q .; then continue; fi
        if ip -4 route show match "$NET.$n.0/24" | grep -q "^${NET/./\\.}\."; then continue; fi
        echo "$NAME" >"$RUN/.nets/$n"
        echo "$n" >"$LAB/net"
        return 0
    done
    die "no free network in $NET.0.0/16; take a lab down (lab down --all), or set GROUNDCREW_LAB_NET to two other octets, like 10.77"
}

# Bridge, forwarding and rules. Arguments after the number: see net_rules.
net_make() {
    local n=$1 bridge dev
    bridge=$(bridge_name "$n")
    ip -batch - <<END
link add $bridge address $(mac "$n" 1) type bridge forward_delay 0 mcast_snooping 0
link set $bridge addrgenmode none up
addr add $(gateway "$n")/24 dev $bridge
END
    # Forwarding where the lab's packets come in, not for the machine as a whole.
    echo 1 >"/proc/sys/net/ipv4/conf/$bridge/forwarding"
    for dev in $(ip -4 route show | sed -n 's/.* dev \([^ ]*\).*/\1/p' | sort -u); do
        # Another lab's bridge that goes away just now has lost its name: `ip` calls it if12.
        [[ $dev == gclab-* || ! -e /proc/sys/net/ipv4/conf/$dev ]] || sysctl_raise "net/ipv4/conf/$dev/forwarding" 1
    done
    # Lets rules below send packets to 127.0.0.0/8; what no rule sends there is dropped.
    (($# == 1)) || echo 1 >"/proc/sys/net/ipv4/conf/$bridge/route_localnet"
    net_rules "$@" | iptables-restore -w 20 --noflush
}

# Arguments after the number: what listens on this machine's loopback only, and the hosts need (a
# resolver, a proxy), as PROTOCOL/ADDRESS/PORT: the gateway's address leads there.
# The jumps to our rules go first: a firewall or container engine that drops by default comes after.
net_rules() {
    local n=$1 bridge net to proto address port
    shift
    bridge=$(bridge_name "$n") net=$NET.$n.0/24
    echo '*nat'
    echo "-A POSTROUTING -s $net ! -o $bridge -m comment --comment groundcrew-lab:$n -j MASQUERADE"
    for to in "$@"; do
        IFS=/ read -r proto address port <<<"$to"
        echo "-A PREROUTING -i $bridge -d $(gateway "$n") -p $proto --dport $port" \
            "-m comment --comment groundcrew-lab:$n -j DNAT --to-destination $address:$port"
    done
    cat <<END
COMMIT
*filter
:GCLAB-$n-FORWARD - [0:0]
:GCLAB-$n-INPUT - [0:0]
-A GCLAB-$n-FORWARD -i $bridge -o $bridge -j ACCEPT
-A GCLAB-$n-FORWARD -i $bridge ! -s $net -j DROP
-A GCLAB-$n-FORWARD -i $bridge -d $NET.0.0/16 -j DROP
-A GCLAB-$n-FORWARD -i $bridge -j ACCEPT
-A GCLAB-$n-FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A GCLAB-$n-FORWARD -j DROP
-A GCLAB-$n-INPUT ! -s $net -j DROP
-A GCLAB-$n-INPUT -d 127.0.0.0/8 -m conntrack ! --ctstate DNAT -j DROP
-A GCLAB-$n-INPUT -j ACCEPT
-I FORWARD -o $bridge -m comment --comment groundcrew-lab:$n -j GCLAB-$n-FORWARD
-I FORWARD -i $bridge -m comment --comment groundcrew-lab:$n -j GCLAB-$n-FORWARD
-I INPUT -i $bridge -m comment --comment groundcrew-lab:$n -j GCLAB-$n-INPUT
COMMIT
END
}

# Removes all that carries the number, half-made or not.
net_remove() {
    local n=$1 table rules link ns
    for table in nat filter; do
        rules=$(iptables-save -t "$table" 2>/dev/null | awk -v n="$n" -v table="$table" '
            BEGIN { print "*" table }
            $1 ~ "^:GCLAB-" n "-" { chains[substr($1, 2)] }
            $1 == "-A" && $0 ~ "--comment \"?groundcrew-lab:" n "\"? " { sub("^-A", "-D"); print; some = 1 }
            END {
                for (c in chains) { print "-F " c; some = 1 }
                for (c in chains) print "-X " c
                print "COMMIT"
                exit !some
            }') || continue
        iptables-restore -w 20 --noflush <<<"$rules"
    done
    for link in /sys/class/net/gc"$n"-* "/sys/class/net/$(bridge_name "$n")"; do
        [[ ! -e $link ]] || ip link del "${link##*/}"
    done
    for ns in /run/netns/gclab-"$n"-*; do
        [[ ! -e $ns ]] || ip netns del "${ns##*/}"
    done
    rm -f "$RUN/.nets/$n"
}

# A host's network, made anew for each boot: what a host had set in its kernel (a firewall, open
# connections) is gone when its power is. Both sides know each other's hardware address for good,
# so that to a host that is cut or dead packets vanish, as on the Internet, instead of the local
# "no route to host".
link_make() {
    local n=$1 i=$2 ns link address
    ns=$(netns_name "$n" "$i") link=$(link_name "$n" "$i") address=$(host_address "$n" "$i")
    link_remove "$n" "$i"
    ip netns add "$ns"
    ip -batch - <<END
link add $link type veth peer name eth0 address $(mac "$n" $((10 + i))) netns $ns
link set $link master $(bridge_name "$n") addrgenmode none up
neigh replace $address lladdr $(mac "$n" $((10 + i))) dev $(bridge_name "$n") nud permanent
END
    [[ ! -e $LAB/hosts/$i/cut ]] || link_state "$n" "$i" 0
    ip -n "$ns" -batch - <<END
link set lo up
addr add $address/24 brd + dev eth0
link set eth0 up
neigh replace $(gateway "$n") lladdr $(mac "$n" 1) dev eth0 nud permanent
route add default via $(gateway "$n")
END
}

# The link first and by itself: with only the namespace removed, it would go some time later.
link_remove() {
    local ns link
    ns=$(netns_name "$1" "$2") link=$(link_name "$1" "$2")
    [[ ! -e /sys/class/net/$link ]] || ip link del "$link"
    [[ ! -e /run/netns/$ns ]] || ip netns del "$ns"
}

# 0: the bridge's port is disabled, so every packet is dropped both ways, while host and machine
# both still see a link that is up. 3: forwarding.
link_state() {
    local link
    link=$(link_name "$1" "$2")
    [[ ! -e /sys/class/net/$link ]] || bridge link set dev "$link" state "$3"
}
