import { useForm } from "@inertiajs/react";

import type { Pages } from "@/contract";
import { Bare } from "@/layout/Bare";
import { Button } from "@/parts/Button";
import { Field } from "@/parts/Field";
import { PasswordField } from "@/parts/PasswordField";
import { useErrors } from "@/parts/useErrors";

/** A person with a one-time link chooses a password. */
export default function Welcome({ token, name, first }: Pages["Welcome"]) {
    const form = useForm({ name, password: "" });
    const errors = useErrors(form.errors);
    return (
        <Bare
            title="Welcome"
            heading={first ? "Welcome to Groundcrew" : "Choose your password"}
            sub={
                first
                    ? "You are the first one here. Choose how you sign in from now on."
                    : "With it you sign in from now on."
            }
            footer="This link works once. Passwords are stored as Argon2id hashes, and nobody can read yours."
        >
            <form
                className="grid gap-4"
                onSubmit={(event) => {
                    event.preventDefault();
                    form.post(`/welcome/${token}`);
                }}
            >
                <Field label="Name" error={errors.name}>
                    {(attributes) => (
                        <input
                            {...attributes}
                            required
                            autoComplete="username"
                            autoCapitalize="none"
                            spellCheck={false}
                            value={form.data.name}
                            onChange={(event) => form.setData("name", event.target.value)}
                        />
                    )}
                </Field>
                <PasswordField
                    label="Password"
                    autoComplete="new-password"
                    hint="At least 12 characters. A sentence is good."
                    value={form.data.password}
                    error={errors.password}
                    onChange={(password) => form.setData("password", password)}
                />
                <Button type="submit" kind="main" busy={form.processing} className="mt-2 w-full">
                    {first ? "Start" : "Sign in"}
                </Button>
            </form>
        </Bare>
    );
}
