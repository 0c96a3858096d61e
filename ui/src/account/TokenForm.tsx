import { useForm } from "@inertiajs/react";

import type { Scope } from "@/contract";
import { Button } from "@/parts/Button";
import { Field } from "@/parts/Field";
import { Select } from "@/parts/Select";
import { useErrors } from "@/parts/useErrors";
import { now } from "@/time/clock";

const SCOPES: { scope: Scope; allows: string }[] = [
    { scope: "read", allows: "to look" },
    { scope: "operate", allows: "to ask for runs, cancel and retry them" },
    { scope: "write", allows: "to add and remove servers and tokens" },
];

const DAYS = [30, 90, 365];

/** Makes a token for a script. */
export function TokenForm() {
    const form = useForm({ name: "", scopes: ["read"] as Scope[], days: "90" });
    form.transform(({ name, scopes, days }) => ({
        name,
        scopes,
        expires_at: days ? new Date(now() + Number(days) * 86_400_000).toISOString() : null,
    }));
    const { name, scopes, days } = form.data;
    const errors = useErrors(form.errors);
    const toggle = (scope: Scope) => {
        const without = scopes.filter((other) => other !== scope);
        form.setData("scopes", scopes.includes(scope) ? without : [...scopes, scope]);
    };
    return (
        <form
            className="grid gap-4 border-t border-line p-5"
            onSubmit={(event) => {
                event.preventDefault();
                form.post("/tokens", { preserveScroll: true, onSuccess: () => form.reset() });
            }}
        >
            <div className="grid gap-4 sm:grid-cols-[1fr_12rem]">
                <Field label="Name of the new token" error={errors.name}>
                    {(attributes) => (
                        <input
                            {...attributes}
                            required
                            maxLength={100}
                            placeholder="ci"
                            value={name}
                            onChange={(event) => form.setData("name", event.target.value)}
                        />
                    )}
                </Field>
                <Field label="Works for" error={errors.expires_at}>
                    {(attributes) => (
                        <Select
                            {...attributes}
                            value={days}
                            onChange={(event) => form.setData("days", event.target.value)}
                        >
                            {DAYS.map((count) => (
                                <option key={count} value={count}>
                                    {count === 365 ? "a year" : `${count} days`}
                                </option>
                            ))}
                            <option value="">ever, until revoked</option>
                        </Select>
                    )}
                </Field>
            </div>
            <fieldset>
                <legend className="mb-1.5 text-sm font-[550]">It may be used</legend>
                {SCOPES.map(({ scope, allows }) => (
                    <label key={scope} className="flex min-h-8 items-center gap-2.5 text-sm">
                        <input
                            type="checkbox"
                            className="size-4 accent-signal"
                            checked={scopes.includes(scope)}
                            onChange={() => toggle(scope)}
                        />
                        <span>
                            {allows}{" "}
                            <span className="font-mono text-[12.5px] text-faint">{scope}</span>
                        </span>
                    </label>
                ))}
                {errors.scopes && <p className="mt-1.5 text-sm text-stop">{errors.scopes}</p>}
            </fieldset>
            <div>
                <Button
                    type="submit"
                    kind="main"
                    busy={form.processing}
                    disabled={scopes.length === 0}
                >
                    Make a token
                </Button>
            </div>
        </form>
    );
}
