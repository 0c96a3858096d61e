import { router } from "@inertiajs/react";
import { useEffect, useState } from "react";

import type { JobStep, Pages } from "@/contract";
import { Layout } from "@/layout/Layout";
import { LineState } from "@/layout/LineState";
import { useFlash } from "@/layout/useShared";
import { OutputChannel } from "@/output/OutputChannel";
import { OutputView } from "@/output/OutputView";
import { Confirm } from "@/parts/Confirm";
import { Facts } from "@/parts/Facts";
import { Notice } from "@/parts/Notice";
import { StatusPill } from "@/parts/StatusPill";
import { useSend } from "@/parts/useSend";
import { FailureNotice } from "@/provisioning/FailureNotice";
import { HostKeyCard } from "@/provisioning/HostKeyCard";
import { JoinCard } from "@/provisioning/JoinCard";
import { NothingWanted } from "@/provisioning/NothingWanted";
import { LiveNotices } from "@/provisioning/LiveNotices";
import { serverFacts } from "@/provisioning/serverFacts";
import { WaitingCard } from "@/provisioning/WaitingCard";
import { useServerProvision } from "@/realtime/useServerProvision";
import { currentStep, numberOf, outputStep, progress, span } from "@/steps/progress";
import { ProgressBar } from "@/steps/ProgressBar";
import { ProvisionSteps } from "@/steps/ProvisionSteps";
import { Elapsed } from "@/time/Elapsed";

/** So long the page shows that all is done, before it goes on. */
const LOOK_AT_IT = 2500;

/** A person watches a server being provisioned. */
export default function ServerProvisioning({ server, live }: Pages["ServerProvisioning"]) {
    const { failing } = useServerProvision(server.id);
    const { id, steps, provision_status: status } = server;
    const completed = status === "completed";
    useEffect(() => {
        if (!completed) return;
        const goOn = setTimeout(
            () => router.visit(`/servers/${id}`, { replace: true }),
            LOOK_AT_IT,
        );
        return () => clearTimeout(goOn);
    }, [completed, id]);

    // The output follows the step at work, unless a person chose another one, or reads.
    const [chosen, setChosen] = useState<number | null>(null);
    const ofJobs = steps.flatMap((step) => step.steps);
    const shown = ofJobs.find(({ number }) => number === chosen) ?? outputStep(steps);
    const show = (step: JobStep) => {
        setChosen(step.number === outputStep(steps)?.number ? null : step.number);
    };

    // The line comes once; fetching anew must not take it away.
    const flash = useFlash();
    const [line, setLine] = useState(flash.line);
    if (flash.line && flash.line !== line) setLine(flash.line);

    const { run } = live;
    const cancelled = run?.status === "cancelled";
    const active = run && (run.status === "pending" || run.status === "installing");
    const times = span(steps);
    const step = currentStep(steps);
    const { busy, send } = useSend();

    return (
        <Layout
            title={server.name}
            crumbs={[{ name: "Servers", address: "/servers" }, { name: server.name }]}
            heading={`Provisioning ${server.name}`}
            sub={
                <>
                    <span className="font-mono text-[13px]">
                        {live.host}:{server.ssh_port}
                    </span>
                    {server.os_name && ` · ${server.os_name} ${server.os_version ?? ""}`}
                    {times.started_at && (
                        <span className="tabular">
                            {times.finished_at ? " · took " : " · for "}
                            <Elapsed {...times} />
                        </span>
                    )}
                </>
            }
            actions={
                <>
                    <LineState failing={failing} />
                    {cancelled ? (
                        <StatusPill status="cancelled" />
                    ) : (
                        <StatusPill status={status} label={server.provision_status_label} />
                    )}
                    {active && !run.cancel_requested_at && (
                        <Confirm
                            button="Cancel"
                            title={`Cancel provisioning ${server.name}?`}
                            action="Cancel it"
                            busy={busy}
                            onConfirm={() => send("post", `/runs/${run.id}/cancel`)}
                        >
                            What is running on the server is ended. What was done stays.
                        </Confirm>
                    )}
                </>
            }
        >
            <div className="my-6">
                <ProgressBar
                    done={progress(steps)}
                    failed={status === "failed" && !cancelled}
                    label={`Provisioning ${server.name}`}
                />
            </div>
            {active && <OutputChannel run={run.id} />}
            <LiveNotices live={live} />
            {completed && (
                <Notice kind="go" title="All steps are completed" className="mb-6">
                    Going on to the server&rsquo;s page.
                </Notice>
            )}
            {(status === "failed" || cancelled) && (
                <FailureNotice
                    server={id}
                    step={step?.status.isFailed ? step : undefined}
                    number={numberOf(steps, step)}
                    cancelled={cancelled}
                />
            )}
            <div className="grid items-start gap-[26px] lg:grid-cols-[400px_minmax(0,1fr)]">
                {steps.length === 0 ? (
                    <NothingWanted server={id} />
                ) : (
                    <ProvisionSteps steps={steps} shown={shown?.number} onShow={show} />
                )}
                {live.host_key_offered ? (
                    <HostKeyCard server={id} host={live.host} offered={live.host_key_offered} />
                ) : live.join ? (
                    <JoinCard server={id} join={live.join} line={line} />
                ) : run && shown ? (
                    <OutputView
                        key={shown.number}
                        run={run.id}
                        step={shown.number}
                        status={shown.status}
                        title={shown.title}
                        subtitle={`step ${shown.number} of ${ofJobs.length}`}
                        following={active ? chosen === null : undefined}
                        onFollow={(following) => setChosen(following ? null : shown.number)}
                        className="h-[min(34rem,75dvh)] lg:sticky lg:top-6 lg:h-[min(38rem,calc(100dvh-3rem))]"
                    />
                ) : (
                    status !== "failed" &&
                    steps.length > 0 && (
                        <WaitingCard
                            title={
                                step?.name ?? (live.waiting ? "Waiting" : "Waiting for a worker")
                            }
                        >
                            {step?.description ??
                                (live.waiting ? "" : "The first free worker begins.")}{" "}
                            The output of the steps comes here.
                        </WaitingCard>
                    )
                )}
            </div>
            <div className="mt-[26px]">
                <Facts label="The server" facts={serverFacts(server, live)} />
            </div>
        </Layout>
    );
}
