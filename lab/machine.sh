# shellcheck shell=bash
# What a lab host takes over from this machine, so that apt and the like work in it just as they
# do here, behind whatever proxy, mirror or private authority: apt sources and settings, resolver,
# proxies, certificates. Nothing here names a server of its own.

# Things on this machine's loopback that hosts reach by the gateway, as PROTOCOL/ADDRESS/PORT.
LOOPBACK=()

PROXIES=(http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY)

# "URI SUITE KEYRING" for each of this machine's apt sources that is Debian's own, with the
# machine's release replaced by $1. Third parties' sources are left out: a host is a plain Debian.
apt_sources() {
    local from
    if [[ -n ${GROUNDCREW_LAB_MIRROR:-} ]]; then
        printf '%s -\n' "$GROUNDCREW_LAB_MIRROR $1" "$GROUNDCREW_LAB_MIRROR $1-updates"
        return
    fi
    from=$(sed -n "s/^VERSION_CODENAME=//p" /etc/os-release)
    find -L /etc/apt -type f \( -path /etc/apt/sources.list -o -path '/etc/apt/sources.list.d/*.list' \
        -o -path '/etc/apt/sources.list.d/*.sources' \) -exec awk -v from="${from:-stable}" -v to="$1" '
        function source(uri, suite) {
            if (suite !~ "^(" from "|stable|oldstable|testing)(-updates|-security)?$") return
            if ((" " components " ") !~ / main / || (signed != "" && signed !~ /debian-archive/)) return
            sub(/^[^-]*/, to, suite)
            sub(/\/$/, "", uri)
            if (!seen[uri, suite]++) print uri, suite, (signed == "" ? "-" : signed)
        }
        function paragraph(    u, s, i, j, nu, ns) {
            nu = split(field["uris"], u); ns = split(field["suites"], s)
            components = field["components"]; signed = field["signed-by"]; sub(/^ +/, "", signed)
            if (field["enabled"] !~ /no/ && (" " field["types"] " ") ~ / deb /)
                for (i = 1; i <= nu; i++) for (j = 1; j <= ns; j++) source(u[i], s[j])
            delete field
        }
        FNR == 1 { paragraph() }
        /^[ \t]*#/ { next }
        FILENAME ~ /\.sources$/ {
            if ($0 ~ /^[ \t]*$/) { paragraph(); next }
            if (match($0, /^[A-Za-z-]+:/)) { key = tolower(substr($0, 1, RLENGTH - 1)); $0 = substr($0, RLENGTH + 1) }
            field[key] = field[key] " " $0
            next
        }
        $1 == "deb" {
            signed = ""
            if (match($0, /signed-by=[^] ]*/)) signed = substr($0, RSTART + 10, RLENGTH - 10)
            sub(/\[[^]]*\]/, "")
            components = $4; for (i = 5; i <= NF; i++) components = components " " $i
            source($2, $3)
        }
        END { paragraph() }' {} +
}

# The mirror to make the base of $1 from.
apt_mirror() {
    apt_sources "$1" | awk -v suite="$1" '$2 == suite { print $1; exit }'
}

# This machine's proxies, as NAME=value: the environment's, else those of /etc/environment.
proxies() {
    local name value
    for name in "${PROXIES[@]}"; do
        value=${!name:-}
        [[ -n $value || ! -r /etc/environment ]] ||
            value=$(sed -n "s/^[[:space:]]*\(export \)\?$name=[\"']\?\([^\"']*\).*/\2/p" /etc/environment)
        [[ -z $value ]] || echo "$name=${value##*$'\n'}"
    done
}

# Prints a line with its loopback address replaced by the gateway's: a host's loopback is its own.
by_gateway() {
    if [[ $1 =~ ^(.*//([^/@]*@)?)(127\.[0-9.]+|localhost)(:([0-9]+).*)$ && $1 != no_proxy=* && $1 != NO_PROXY=* ]]; then
        LOOPBACK+=("tcp/${BASH_REMATCH[3]/localhost/127.0.0.1}/${BASH_REMATCH[5]}")
        REPLY=${BASH_REMATCH[1]}$GATEWAY${BASH_REMATCH[4]}
    else
        REPLY=$1
    fi
}

# The nameservers that this machine really asks: a resolver of its own on loopback that says whom
# it asks is skipped, any other is reached by the gateway. IPv6 is not routed in a lab.
resolver() {
    local file=/etc/resolv.conf key value rest any=
    if [[ -r /run/systemd/resolve/resolv.conf ]] && grep -q '^nameserver 127\.0\.0\.5[34]' "$file"; then
        file=/run/systemd/resolve/resolv.conf
    fi
    RESOLV=
    while read -r key value rest; do
        if [[ $key == nameserver ]]; then
            [[ $value == *.* ]] || continue
            any=1
            if [[ $value == 127.* ]]; then
                LOOPBACK+=("udp/$value/53" "tcp/$value/53")
                value=$GATEWAY
            fi
        fi
        [[ ! $key =~ ^(nameserver|search|domain|options)$ ]] || RESOLV+="$key $value${rest:+ $rest}"$'\n'
    done 2>/dev/null <"$file"
    [[ -n $any ]] || echo "lab: $file names no IPv4 nameserver, so names will not resolve in the hosts" >&2
}

# Makes the folder $1, laid over the base of suite $2 at $3: what all hosts of a lab have in common.
seed_make() {
    local seed=$1 suite=$2 base=$3 line uri release keyring file
    rm -rf "$seed"
    install -d "$seed"/etc/apt/apt.conf.d "$seed"/etc/ssl/certs "$seed"/usr/local/share/ca-certificates
    install -d -m 700 "$seed/root" "$seed/root/.ssh"
    install -m 600 "$LAB/key.pub" "$seed/root/.ssh/authorized_keys"

    resolver
    printf %s "$RESOLV" >"$seed/etc/resolv.conf"
    while read -r line; do
        by_gateway "$line"
        echo "$REPLY"
    done >"$seed/etc/environment" < <(proxies)

    while read -r uri release keyring; do
        [[ $keyring == - ]] && keyring='' || keyring="[signed-by=$keyring] "
        echo "deb $keyring$uri $release main"
    done >"$seed/etc/apt/sources.list" < <(apt_sources "$suite")
    # How to reach a mirror, not how this machine likes its caches; with the files that it needs.
    while read -r line; do
        by_gateway "$line"
        echo "$REPLY"
        [[ $line =~ \"(/[^\"]+)\" && -f ${BASH_REMATCH[1]} ]] && cp -L --parents "${BASH_REMATCH[1]}" "$seed"
    done >"$seed/etc/apt/apt.conf.d/90machine" < <(apt-config dump 2>/dev/null |
        grep -E '^Acquire::(http|https|Proxy|Check-|Max-ValidTime|Min-ValidTime|Retries|ForceIPv4)' || true)
    for file in /etc/apt/auth.conf /etc/apt/auth.conf.d/*; do
        [[ ! -f $file ]] || cp -L --parents "$file" "$seed"
    done

    # As update-ca-certificates would do it, which takes half a second and may run later.
    cp "$base/etc/ssl/certs/ca-certificates.crt" "$seed/etc/ssl/certs/"
    while read -r file; do
        cp -L "$file" "$seed/usr/local/share/ca-certificates/"
        { cat "$file" && echo; } >>"$seed/etc/ssl/certs/ca-certificates.crt"
    done < <(find -L /usr/local/share/ca-certificates -type f -name '*.crt' 2>/dev/null)
}
