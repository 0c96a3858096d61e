/** What steps wrote, by their number in the run; null: all of it. */
const INSTALL = [
    "Waiting for the package lock: held by unattended-upgr (pid 812), 6 s",
    "Reading package lists... 0%\rReading package lists... 100%\rReading package lists... \x1b[32mDone\x1b[0m",
    "Building dependency tree... \x1b[32mDone\x1b[0m",
    "Reading state information... \x1b[32mDone\x1b[0m",
    "The following NEW packages will be installed:",
    "  \x1b[33mnginx nginx-common\x1b[0m",
    "0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.",
    "Need to get 625 kB of archives.",
    "After this operation, 1,849 kB of additional disk space will be used.",
    "\x1b[36mGet:1\x1b[0m bookworm/main amd64 nginx-common all 1.22.1-9+deb12u2 [112 kB]",
    "\x1b[36mGet:2\x1b[0m bookworm/main amd64 nginx amd64 1.22.1-9+deb12u2 [513 kB]",
    "\x1b[1mFetched 625 kB in 0s (3,104 kB/s)\x1b[0m",
    "Selecting previously unselected package nginx-common.",
    "(Reading database ... 33217 files and directories currently installed.)",
    "Preparing to unpack .../nginx-common_1.22.1-9+deb12u2_all.deb ...",
    "Unpacking nginx-common (1.22.1-9+deb12u2) ...",
    "Selecting previously unselected package nginx.",
    "Preparing to unpack .../nginx_1.22.1-9+deb12u2_amd64.deb ...",
    "Unpacking nginx (1.22.1-9+deb12u2) ...",
    "Setting up nginx-common (1.22.1-9+deb12u2) ...",
    "Created symlink /etc/systemd/system/multi-user.target.wants/nginx.service → /lib/systemd/system/nginx.service.",
    "Setting up nginx (1.22.1-9+deb12u2) ...",
].join("\n");

const FAILED = `${INSTALL}
\x1b[31mJob for nginx.service failed because the control process exited with error code.\x1b[0m
nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)
nginx: configuration file /etc/nginx/nginx.conf test is successful
\x1b[31mfail:\x1b[0m port 80 is held by another program (pid 812, haproxy).
`;

const SMALL: Record<number, string> = {
    10: "nginx: the configuration file /etc/nginx/nginx.conf syntax is \x1b[32mok\x1b[0m\nhttp://127.0.0.1/ answers \x1b[32m200\x1b[0m\n",
    4: "ca-certificates is already installed.\n",
    5: "Package lists are fresh: fetched 12 min ago.\n",
    6: "Stopping \x1b[33mapache2\x1b[0m ...\nRemoving apache2 (2.4.62-1~deb12u2) ...\nPurging configuration files for apache2 ...\n",
};

export function output(step: number | null, isFailed: boolean): string {
    const install = isFailed ? FAILED : INSTALL;
    if (step === null) return [...Object.values(SMALL), install].join("");
    return step === 7 ? install : (SMALL[step] ?? "");
}
