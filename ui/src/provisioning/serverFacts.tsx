import type { HostKey, ProvisioningLive, ServerProvisioning } from "@/contract";
import type { Fact } from "@/parts/Facts";

/** What is known of a server, for its pages. */
export function serverFacts(server: ServerProvisioning, live: ProvisioningLive): Fact[] {
    return [
        { name: "Public IP", value: server.public_ip, mono: true },
        { name: "Private IP", value: server.private_ip, mono: true },
        { name: "System", value: systemOf(server) },
        { name: "Provider", value: server.provider },
        {
            name: "Host key",
            value: live.host_key && <Fingerprint hostKey={live.host_key} />,
            mono: true,
        },
        { name: "Worker", value: live.worker },
    ];
}

/** "Debian 12 bookworm", as far as it is known. */
export function systemOf({ os_name, os_version, os_codename }: ServerProvisioning): string | null {
    return [os_name, os_version, os_codename].filter(Boolean).join(" ") || null;
}

function Fingerprint({ hostKey }: { hostKey: HostKey }) {
    const { type, fingerprint } = hostKey;
    const short = fingerprint.replace(/^(SHA256:.{4}).*(.{4})$/, "$1…$2");
    return (
        <span title={`${type} ${fingerprint}`}>
            {short} <span className="font-sans text-[12.5px] text-go">pinned</span>
        </span>
    );
}
