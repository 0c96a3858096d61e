import { useForm } from "@inertiajs/react";

import { Bare } from "@/layout/Bare";
import { Button } from "@/parts/Button";
import { Field } from "@/parts/Field";
import { PasswordField } from "@/parts/PasswordField";
import { useErrors } from "@/parts/useErrors";

/** A person comes in. */
export default function SignIn() {
    const form = useForm({ name: "", password: "" });
    const errors = useErrors(form.errors);
    return (
        <Bare
            title="Sign in"
            heading="Sign in"
            sub="Your servers are waiting."
            footer={
                <>
                    Forgot your password? Whoever runs this installation makes a new link with{" "}
                    <code className="font-mono text-[12px] text-soft">groundcrew user link</code>.
                </>
            }
        >
            <form
                className="grid gap-4"
                onSubmit={(event) => {
                    event.preventDefault();
                    form.post("/sign-in", { onError: () => form.reset("password") });
                }}
            >
                <Field label="Name" error={errors.name}>
                    {(attributes) => (
                        <input
                            {...attributes}
                            required
                            autoFocus
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
                    autoComplete="current-password"
                    value={form.data.password}
                    error={errors.password}
                    onChange={(password) => form.setData("password", password)}
                />
                <Button type="submit" kind="main" busy={form.processing} className="mt-2 w-full">
                    Sign in
                </Button>
            </form>
        </Bare>
    );
}
