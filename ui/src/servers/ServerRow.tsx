import { Link } from "@inertiajs/react";

import type { ServerSummary } from "@/contract";
import { StatusPill } from "@/parts/StatusPill";
import { ProgressBar } from "@/steps/ProgressBar";
import { Ago } from "@/time/Ago";

/** A server in the list: all of the row leads to its page. */
export function ServerRow({ server }: { server: ServerSummary }) {
    const { id, name, provision_status: status, progress, step, installed } = server;
    const ready = status === "pending" && server.joins_by === null;
    const address =
        status === "completed" || ready ? `/servers/${id}` : `/servers/${id}/provisioning`;
    const system = [server.os_name, server.os_version].filter(Boolean).join(" ");
    return (
        <li className="relative grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-6 gap-y-1 px-5 py-4 hover:bg-wash/60 md:grid-cols-[minmax(0,5fr)_minmax(0,5fr)_9.5rem]">
            <div className="min-w-0">
                <Link
                    href={address}
                    title={name}
                    className="block truncate font-[600] tracking-[-0.01em] after:absolute after:inset-0"
                >
                    {name}
                </Link>
                <p className="truncate text-[13px] text-faint">
                    <span className="font-mono text-[12.5px]">
                        {server.host}:{server.ssh_port}
                    </span>
                    {system && ` · ${system}`}
                </p>
            </div>
            <div className="min-w-0 text-[13.5px] max-md:order-3 max-md:col-span-2">
                {status === "installing" || status === "failed" ? (
                    <div className="max-w-sm">
                        <p
                            className={`truncate ${status === "failed" ? "text-stop" : "text-soft"}`}
                        >
                            {step ?? "Waiting for a worker"}
                        </p>
                        <div className="mt-1.5">
                            <ProgressBar
                                done={progress.of ? progress.done / progress.of : 0}
                                failed={status === "failed"}
                                label={`Provisioning ${name}`}
                            />
                        </div>
                    </div>
                ) : (
                    <p className="truncate text-soft" title={installed.join(", ")}>
                        {ready
                            ? "Ready, with nothing installed"
                            : status === "pending"
                              ? "Waiting for its first connection"
                              : installed.join(", ") || "Connected, with nothing installed"}
                    </p>
                )}
            </div>
            <div className="flex items-center justify-end gap-3 md:flex-col md:items-end md:gap-1">
                <StatusPill status={status} />
                <p className="text-[12.5px] whitespace-nowrap text-faint max-md:hidden">
                    <Ago at={server.updated_at} />
                </p>
            </div>
        </li>
    );
}
