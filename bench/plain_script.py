#!/usr/bin/env python3
"""Prints what a job does as one plain sh script, for `ssh HOST sh -s`.

    plain_script.py [--checks] JOB.toml PRELUDE.sh

It is made from the job itself, so that the two can't diverge: the same commands
in the same order, and before and after each change the same check. What
groundcrew adds (a journal, time limits, going on without us) is left out.
With --checks it only asks, and ends with 1 at the first step that is not in place.
"""

import shlex
import sys
import tomllib

# What `changes_pending` and `apply_changes` of the runner come down to here.
HEAD = """\
export LC_ALL=C.UTF-8 TERM=dumb
cd /root
umask 022
pending=/run/plain-pending
changes_pending() { [ -e "$pending" ]; }
apply_changes() {
    [ -e "$pending" ] || return 0
    %s
    rm -f "$pending"
}
in_place() { echo "$1: in place"; }
changed() { echo "$1: changed"; }
die() {
    echo "$1: failed" >&2
    exit 1
}
"""


def file_step(file):
    """A file's check and run: content, owner and mode."""
    path = shlex.quote(file["path"])
    owner, group = file.get("owner", "root"), file.get("group", "root")
    mode = file.get("mode", "0644").lstrip("0")
    content = file["template"]
    if "{{" in content or "{%" in content:
        sys.exit(f"{file['path']}: has something to be filled in, which this script can't do")
    heredoc = f"<<'END_OF_FILE'\n{content}END_OF_FILE"
    check = (
        f"cmp -s - {path} {heredoc}\n"
        f"[ \"$(stat -L -c '%U %G %a' {path})\" = {shlex.quote(f'{owner} {group} {mode}')} ]\n"
    )
    run = (
        f"new=$(mktemp {path}.XXXXXX)\n"
        f"cat >\"$new\" {heredoc}\n"
        f'chown {owner}:{group} "$new"\nchmod {mode} "$new"\nmv -f "$new" {path}\n'
    )
    return check, run


def script(job, prelude, checks_only):
    handlers = {step["on_change"] for step in job["steps"] if "on_change" in step}
    if len(handlers) > 1:
        sys.exit("more than one on_change command: not known here")
    parts = [prelude, HEAD % (handlers.pop() if handlers else ":")]
    for name, parameter in job.get("params", {}).items():
        parts.append(f"export {name.upper()}={shlex.quote(str(parameter['default']))}\n")
    for step in job["steps"]:
        name = step["name"]
        if "assert" in step:
            parts.append(f"( set -e; {step['assert']}\n) || die {name}\nin_place {name}\n")
            continue
        check, run = file_step(step["file"]) if "file" in step else (step["check"], step["run"])
        check = f"check() ( set -e\n{check}\n)\n"
        if checks_only:
            parts.append(f"{check}check\n[ $? = 0 ] || die {name}\nin_place {name}\n")
            continue
        pending = ': >"$pending"\n' if "on_change" in step else ""
        # `set -e` counts only outside of `if`, `&&` and `||`.
        parts.append(
            f"{check}check\ncase $? in\n0) in_place {name} ;;\n1)\n{pending}"
            f"( set -e\n{run}\n)\n[ $? = 0 ] || die {name}\n"
            f"check\n[ $? = 0 ] || die {name}\nchanged {name}\n;;\n*) die {name} ;;\nesac\n"
        )
    if not checks_only:
        parts.append("apply_changes || die on_change\n")
    return "".join(parts)


def main():
    arguments = sys.argv[1:]
    checks_only = "--checks" in arguments
    job_file, prelude_file = (word for word in arguments if word != "--checks")
    with open(job_file, "rb") as job, open(prelude_file, encoding="utf-8") as prelude:
        sys.stdout.write(script(tomllib.load(job), prelude.read(), checks_only))


if __name__ == "__main__":
    main()
