# What is removed from a host, and when.

# Bundles that a control which was killed has left.
gc_sweep() {
    for gc_left in "$gc_run"/incoming.*; do
        kill -0 "${gc_left##*.}" 2>/dev/null || [ ! -e "$gc_left" ] || rm -rf "$gc_left"
    done
}

# Keeps the last 20 runs of this installation; of those before only the tombstone is
# left, and only of what has ended and was wholly fetched.
gc_prune() { # RUN
    read -r gc_installation <"$gc_home/runs/$1/installation"
    gc_kept=0
    # Run ids begin with their time, so that the names' order is the runs' order.
    # shellcheck disable=SC2045 # the names are ours, and a glob can't be read backwards
    for gc_run in $(ls -r "$gc_home/runs"); do
        gc_run=$gc_home/runs/$gc_run
        [ -e "$gc_run/fetched" ] || continue
        read -r gc_owner <"$gc_run/installation" || continue
        [ "$gc_owner" = "$gc_installation" ] || continue
        gc_kept=$((gc_kept + 1))
        [ "$gc_kept" -gt 20 ] || continue
        [ -s "$gc_run/tombstone" ] || printf 'ended\n' >"$gc_run/tombstone"
        rm -rf "$gc_run"/attempt-* "$gc_run/fetched"
    done
}
