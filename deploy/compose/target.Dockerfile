# A server to try Groundcrew on, as a container: Debian under systemd, with sshd. Each container
# makes a host key and a key for root's login when it starts first.
FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl dbus openssh-server procps systemd systemd-sysv \
    && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* && : >/etc/machine-id \
    && systemctl mask console-getty.service getty@.service
COPY target-keys.service /etc/systemd/system/
RUN systemctl enable ssh.service target-keys.service
STOPSIGNAL SIGRTMIN+3
HEALTHCHECK --interval=2s --start-period=30s CMD ["systemctl", "is-active", "--quiet", "ssh.service"]
# Docker mounts control groups read-only, and systemd manages those of this container.
CMD ["sh", "-c", "for at in $(awk '$3 ~ /^cgroup/ { print $2 }' /proc/mounts); do mount -o remount,bind,rw \"$at\"; done; exec /sbin/init"]
