/** How a server is added without the form: the same values, as commands. */
import type { AddServer } from "@/contract";

type Place = Pick<AddServer, "name" | "host" | "ssh_port" | "ssh_user">;

/** A text as one word of a POSIX shell. */
export function quoted(text: string): string {
    return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** With the command line. */
export function commandLine({ name, host, ssh_port, ssh_user }: Place): string {
    const port = ssh_port === 22 ? "" : `:${ssh_port}`;
    const login = quoted(`${ssh_user}@${host || "203.0.113.24"}${port}`);
    return `groundcrew server add ${quoted(name || "edge-1")} ${login} -i KEY`;
}

/** With the API. */
export function request(form: Place, origin: string): string {
    const body = {
        name: form.name || "edge-1",
        host: form.host || "203.0.113.24",
        ...(form.ssh_port !== 22 && { ssh_port: form.ssh_port }),
        ...(form.ssh_user !== "root" && { ssh_user: form.ssh_user }),
        host_key: "ssh-ed25519 AAAA…",
    };
    return `curl -H "Authorization: Bearer $TOKEN" \\\n    --json ${quoted(JSON.stringify(body))} \\\n    ${origin}/api/v1/servers`;
}
