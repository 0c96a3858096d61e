#!/bin/bash
# Makes so many places of a lab host, each a server to Groundcrew: an sshd of its own (ports from
# 2201 on), and of /var/lib/groundcrew and the host's lock its own, too. All share one systemd.
# Groundcrew keeps one run a host at a time; so many hosts as the bench wants don't fit on a machine.
set -eu
places=$1

mount -t tmpfs -o mode=700 places /srv
cp /usr/bin/systemd-run /srv/systemd-run
# A unit is started outside of the place that asked for it.
cat >/srv/wrapper <<'END'
#!/bin/bash
read -r place </run/place
exec /srv/systemd-run -p BindPaths="/srv/$place/home:/var/lib/groundcrew" \
    -p BindPaths="/srv/$place/lock:/run/groundcrew.lock" "$@"
END
chmod 755 /srv/wrapper
mkdir -p /var/lib/groundcrew /run/sshd
touch /run/groundcrew.lock /run/place

for place in $(seq "$places"); do
    mkdir -p "/srv/$place/home"
    : >"/srv/$place/lock"
    echo "$place" >"/srv/$place/name"
    systemd-run --quiet --unit "place-$place" -p PrivateMounts=yes -p TasksMax=infinity \
        -p BindPaths="/srv/$place/home:/var/lib/groundcrew" \
        -p BindPaths="/srv/$place/lock:/run/groundcrew.lock" \
        -p BindReadOnlyPaths="/srv/$place/name:/run/place" \
        -p BindReadOnlyPaths=/srv/wrapper:/usr/bin/systemd-run \
        /usr/sbin/sshd -D -p "$((2200 + place))" -o UsePAM=no -o PidFile=none
done
for place in $(seq "$places"); do
    until (: <"/dev/tcp/127.0.0.1/$((2200 + place))") 2>/dev/null; do sleep 0.05; done
done
