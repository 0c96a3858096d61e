import { useForm } from "@inertiajs/react";
import { useState, type ReactNode } from "react";

import type { AddServer as Wanted, Pages } from "@/contract";
import { parametersOf, valueOf, valuesFor, withNeeds } from "@/jobs/choose";
import { JobChoice } from "@/jobs/JobChoice";
import { ParameterField } from "@/jobs/ParameterField";
import { Layout } from "@/layout/Layout";
import { Button } from "@/parts/Button";
import { ButtonLink } from "@/parts/ButtonLink";
import { Field } from "@/parts/Field";
import { Snippet } from "@/parts/Snippet";
import { useErrors } from "@/parts/useErrors";
import { commandLine, request } from "@/servers/commands";
import { WhatWillHappen } from "@/servers/WhatWillHappen";
import { WayIn, type WayInName } from "@/servers/WayIn";

/** What is entered; what of it is sent depends on the way in. */
const EMPTY = {
    name: "",
    host: "",
    ssh_port: 22,
    ssh_user: "root",
    provider: "",
    private_key: "",
    jobs: [] as string[],
    parameters: {} as Record<string, string>,
};

/** A person adds a server. */
export default function AddServer({ jobs }: Pages["AddServer"]) {
    const form = useForm(EMPTY);
    const [way, setWay] = useState<WayInName>("script");
    const { data, setData } = form;
    const errors = useErrors(form.errors);
    const parameters = parametersOf(jobs, data.jobs);
    const login = way === "login";
    form.transform((entered): Wanted => ({
        name: entered.name,
        host: entered.host,
        ssh_port: entered.ssh_port,
        ssh_user: login ? entered.ssh_user : "root",
        joins_by: login ? "login" : "script",
        provider: entered.provider || null,
        private_key: (login && entered.private_key) || null,
        install:
            entered.jobs.length === 0
                ? null
                : {
                      jobs: entered.jobs,
                      parameters: valuesFor(parameters, entered.parameters),
                      untested_system: false,
                  },
    }));
    return (
        <Layout
            title="Add a server"
            crumbs={[{ name: "Servers", address: "/servers" }, { name: "Add a server" }]}
            heading="Add a server"
            sub="A fresh Debian 12 or 13, with systemd and sshd. Nothing else needs to be on it."
        >
            <div className="mt-7 grid items-start gap-[26px] lg:grid-cols-[minmax(0,1fr)_20rem]">
                <form
                    className="grid min-w-0 gap-5"
                    onSubmit={(event) => {
                        event.preventDefault();
                        form.post("/servers");
                    }}
                >
                    <Part title="Where it is">
                        <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_6.5rem]">
                            <Field label="Name" error={errors.name} hint="As you call it.">
                                {(attributes) => (
                                    <input
                                        {...attributes}
                                        required
                                        autoFocus
                                        maxLength={100}
                                        placeholder="edge-1"
                                        autoComplete="off"
                                        spellCheck={false}
                                        value={data.name}
                                        onChange={(event) => setData("name", event.target.value)}
                                    />
                                )}
                            </Field>
                            <Field
                                label="Address"
                                error={errors.host}
                                hint="An IP address or a host name."
                            >
                                {(attributes) => (
                                    <input
                                        {...attributes}
                                        required
                                        maxLength={253}
                                        placeholder="203.0.113.24"
                                        autoComplete="off"
                                        autoCapitalize="none"
                                        spellCheck={false}
                                        value={data.host}
                                        onChange={(event) => setData("host", event.target.value)}
                                        className={`${attributes.className} font-mono text-[14px]`}
                                    />
                                )}
                            </Field>
                            <Field label="SSH port" error={errors.ssh_port}>
                                {(attributes) => (
                                    <input
                                        {...attributes}
                                        required
                                        type="number"
                                        min={1}
                                        max={65535}
                                        value={data.ssh_port || ""}
                                        onChange={(event) =>
                                            setData("ssh_port", event.target.valueAsNumber || 0)
                                        }
                                    />
                                )}
                            </Field>
                            <Field
                                label="Provider"
                                optional
                                error={errors.provider}
                                className="sm:col-span-3"
                            >
                                {(attributes) => (
                                    <input
                                        {...attributes}
                                        maxLength={100}
                                        placeholder="Whose machine it is"
                                        autoComplete="off"
                                        value={data.provider}
                                        onChange={(event) =>
                                            setData("provider", event.target.value)
                                        }
                                    />
                                )}
                            </Field>
                        </div>
                    </Part>
                    <Part title="How to get in">
                        <WayIn way={way} onChange={setWay} />
                        {login && (
                            <div className="mt-5 grid gap-4">
                                <Field
                                    label="User"
                                    error={errors.ssh_user}
                                    hint="root, or one that may use sudo without a password."
                                    className="max-w-xs"
                                >
                                    {(attributes) => (
                                        <input
                                            {...attributes}
                                            required
                                            autoComplete="off"
                                            autoCapitalize="none"
                                            spellCheck={false}
                                            value={data.ssh_user}
                                            onChange={(event) =>
                                                setData("ssh_user", event.target.value)
                                            }
                                            className={`${attributes.className} font-mono text-[14px]`}
                                        />
                                    )}
                                </Field>
                                <Field
                                    label="Private key"
                                    optional
                                    error={errors.private_key}
                                    hint="Without a passphrase. Kept encrypted, and never shown. Leave it empty if the workers have a key of their own."
                                >
                                    {(attributes) => (
                                        <textarea
                                            {...attributes}
                                            rows={4}
                                            autoComplete="off"
                                            spellCheck={false}
                                            placeholder="-----BEGIN OPENSSH PRIVATE KEY-----"
                                            value={data.private_key}
                                            onChange={(event) =>
                                                setData("private_key", event.target.value)
                                            }
                                            className={`${attributes.className} font-mono text-[13px]`}
                                        />
                                    )}
                                </Field>
                            </div>
                        )}
                        {way === "api" && (
                            <div className="mt-5 grid gap-4 text-sm">
                                <div>
                                    <p className="mb-2 text-soft">
                                        On the machine where Groundcrew runs:
                                    </p>
                                    <Snippet text={commandLine(data)} what="the command" />
                                </div>
                                <div>
                                    <p className="mb-2 text-soft">
                                        From anywhere, with a token of{" "}
                                        <a
                                            href="/account"
                                            className="text-ink underline underline-offset-3"
                                        >
                                            yours
                                        </a>
                                        , and the host key that the server&rsquo;s console shows:
                                    </p>
                                    <Snippet
                                        text={request(data, location.origin)}
                                        what="the request"
                                    />
                                </div>
                            </div>
                        )}
                    </Part>
                    {way !== "api" && (
                        <>
                            <Part title="What to install" hint="It can be more later, too.">
                                <JobChoice
                                    jobs={jobs}
                                    chosen={data.jobs}
                                    onChoose={(chosen) => setData("jobs", chosen)}
                                />
                                {errors.jobs && (
                                    <p className="mt-2 text-sm text-stop">{errors.jobs}</p>
                                )}
                                {parameters.length > 0 && (
                                    <div className="mt-6 grid gap-4 sm:grid-cols-2">
                                        {parameters.map((parameter) => (
                                            <ParameterField
                                                key={parameter.name}
                                                parameter={parameter}
                                                value={valueOf(parameter, data.parameters)}
                                                error={errors[`parameters.${parameter.name}`]}
                                                onChange={(value) =>
                                                    setData("parameters", {
                                                        ...data.parameters,
                                                        [parameter.name]: value,
                                                    })
                                                }
                                            />
                                        ))}
                                    </div>
                                )}
                            </Part>
                            <div className="mt-1 flex flex-wrap items-center gap-3">
                                <Button type="submit" kind="main" busy={form.processing}>
                                    Add the server
                                </Button>
                                <ButtonLink href="/servers" kind="quiet">
                                    Back
                                </ButtonLink>
                                <p className="basis-full text-[13px] text-faint">
                                    {way === "script"
                                        ? "Next you get the line to run on it. Until then nothing happens."
                                        : "Next a worker asks the server for its host key, and you confirm it. Until then nothing is sent there."}
                                </p>
                            </div>
                        </>
                    )}
                </form>
                <WhatWillHappen way={way} jobs={withNeeds(jobs, data.jobs)} />
            </div>
        </Layout>
    );
}

function Part({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
    return (
        <fieldset className="min-w-0 rounded-card border border-line bg-card p-5 shadow-card sm:p-6">
            <legend className="sr-only">{title}</legend>
            <h2 aria-hidden className="mb-4 font-[600] tracking-[-0.01em]">
                {title}
                {hint && <span className="ml-2 text-[13px] font-normal text-faint">{hint}</span>}
            </h2>
            {children}
        </fieldset>
    );
}
