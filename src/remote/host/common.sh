# shellcheck shell=sh disable=SC2317
# Groundcrew's part on a host, in POSIX sh, has two lives that share this text:
#
#   control.sh  is what `sh` reads from its standard input over SSH. It answers one
#               command a line, and is never sent one before it answered the last,
#               so that no program reads past its own input.
#   runner.sh   is the main process of the unit that executes one attempt of a run.
#               It is detached from every connection, and keeps the journal.
#
# A run's folder, /var/lib/groundcrew/runs/RUN (root, 0700):
#   lock epoch installation tombstone fetched
#   attempt-N/   plan identity mode first prelude.sh values/ steps/ handlers/ from the bundle
#                boot journal out reserve
# The journal has a line for each event, SEQUENCE TIME WHAT STEP EXIT OFFSET [DETAIL]:
# time in ms since 1970, offset in bytes of `out`, `-` for what does not apply.
# Its last line is `end`, whoever writes it: the runner, or (lost, unstarted, cancelled,
# interrupted) who finds that it is dead. Both files only grow.
# The tombstone says that nothing more may be started: `cancelled`, or `ended` where pruning
# has taken the rest.
#
# Every name has the prefix gc_, for a job's scripts are executed in subshells of
# the runner, and must not meet a name of ours by chance.

gc_home=/var/lib/groundcrew
# Says who has the host: INSTALLATION RUN ATTEMPT DIGEST. Written by who starts a runner,
# held with flock by the runner.
gc_host_lock=/run/groundcrew.lock

gc_unit() { # RUN ATTEMPT
    printf 'groundcrew-%s-%s.service' "$1" "$2"
}

# Sets gc_boot. Some containers share the kernel's boot id, so the start of
# process 1 is part of it.
gc_read_boot() {
    read -r gc_boot </proc/sys/kernel/random/boot_id
    read -r gc_stat </proc/1/stat
    # shellcheck disable=SC2086 # its fields, one by one, from the third on
    set -- ${gc_stat##*) }
    gc_boot=$gc_boot.${20}
}
