import { useState } from "react";

import type { Pages } from "@/contract";
import { Layout } from "@/layout/Layout";
import { LineState } from "@/layout/LineState";
import { OutputChannel } from "@/output/OutputChannel";
import { OutputView } from "@/output/OutputView";
import { Button } from "@/parts/Button";
import { Card } from "@/parts/Card";
import { Confirm } from "@/parts/Confirm";
import { Facts } from "@/parts/Facts";
import { Icon } from "@/parts/Icon";
import { StatusPill } from "@/parts/StatusPill";
import { useSend } from "@/parts/useSend";
import { useServerProvision } from "@/realtime/useServerProvision";
import { RunNotices } from "@/runs/RunNotices";
import { Timeline } from "@/runs/Timeline";
import { Ago } from "@/time/Ago";
import { Elapsed } from "@/time/Elapsed";
import { moment, plural } from "@/time/format";

/** A run, step by step, with what it wrote. */
export default function Run({ run }: Pages["Run"]) {
    const { failing } = useServerProvision(run.server_id, ["run"]);
    const { busy, send } = useSend();
    const failedStep = run.steps.find(({ status }) => status === "failed");
    const [shown, setShown] = useState<number | null>(failedStep?.number ?? null);
    const active = run.status === "pending" || run.status === "installing";
    const [following, setFollowing] = useState(active);
    const step = run.steps.find(({ number }) => number === shown);
    const steps = run.steps.filter(({ handler }) => !handler).length;
    const retry = (from: string | null) => send("post", `/runs/${run.id}/retry`, { from });
    const mayRetryFromStep = run.status === "failed" && step && step.number !== failedStep?.number;

    return (
        <Layout
            title={`${run.jobs.join(", ")} on ${run.server}`}
            crumbs={[
                { name: "Servers", address: "/servers" },
                { name: run.server, address: `/servers/${run.server_id}` },
                { name: "Run" },
            ]}
            heading={
                <>
                    {run.jobs.join(", ")}{" "}
                    <span className="font-[500] text-soft">on {run.server}</span>
                </>
            }
            sub={
                <>
                    Asked for <Ago at={run.created_at} />
                    {run.started_at && (
                        <span className="tabular">
                            {run.finished_at ? " · took " : " · for "}
                            <Elapsed {...run} />
                        </span>
                    )}
                    {run.status === "completed" &&
                        (run.changed
                            ? ` · ${plural(run.changed, "step")} changed something`
                            : " · everything was in place")}
                </>
            }
            actions={
                <>
                    {active && <LineState failing={failing} />}
                    <StatusPill status={run.status} />
                    {active && !run.cancel_requested_at && (
                        <Confirm
                            button="Cancel"
                            title="Cancel this run?"
                            action="Cancel it"
                            busy={busy}
                            onConfirm={() => send("post", `/runs/${run.id}/cancel`)}
                        >
                            What is running on the server is ended. What was done stays.
                        </Confirm>
                    )}
                    {run.status === "failed" && (
                        <Button kind="main" busy={busy} onClick={() => retry(null)}>
                            <Icon name="retry" /> Retry
                        </Button>
                    )}
                </>
            }
        >
            {active && <OutputChannel run={run.id} />}
            <RunNotices run={run} />
            <div className="mt-6 grid items-start gap-[26px] lg:grid-cols-[400px_minmax(0,1fr)]">
                <Card label="Steps">
                    <Timeline run={run} shown={shown} onShow={setShown} />
                    {mayRetryFromStep && (
                        <div className="border-t border-line p-4">
                            <Button
                                busy={busy}
                                className="w-full"
                                onClick={() => retry(String(step.number))}
                            >
                                <Icon name="retry" />
                                <span className="truncate">Retry from “{step.title}”</span>
                            </Button>
                        </div>
                    )}
                </Card>
                <OutputView
                    key={shown}
                    run={run.id}
                    step={shown}
                    status={step?.status ?? run.status}
                    title={step?.title ?? "Output of all steps"}
                    subtitle={step && !step.handler ? `step ${step.number} of ${steps}` : undefined}
                    following={active ? following : undefined}
                    onFollow={setFollowing}
                    className="h-[min(34rem,75dvh)] lg:sticky lg:top-6 lg:h-[min(42rem,calc(100dvh-3rem))]"
                />
            </div>
            {run.notes.length > 0 && (
                <Card title="What else happened" className="mt-[26px]">
                    <ul className="divide-y divide-line text-sm">
                        {run.notes.map(({ id, time, text }) => (
                            <li key={id} className="flex flex-wrap gap-x-4 px-5 py-3">
                                <time
                                    dateTime={time}
                                    className="w-44 text-[13px] leading-[21px] text-faint tabular"
                                >
                                    {moment(time)}
                                </time>
                                <span className="min-w-0 flex-1 basis-60 breaking">{text}</span>
                            </li>
                        ))}
                    </ul>
                </Card>
            )}
            <div className="mt-[26px]">
                <Facts
                    label="The run"
                    facts={[
                        ...Object.entries(run.parameters).map(([name, value]) => ({
                            name,
                            value,
                            mono: true,
                        })),
                        { name: "Worker", value: run.worker },
                        { name: "Began", value: run.started_at && moment(run.started_at) },
                        { name: "Ended", value: run.finished_at && moment(run.finished_at) },
                        { name: "Id", value: run.id, mono: true },
                    ]}
                />
            </div>
        </Layout>
    );
}
