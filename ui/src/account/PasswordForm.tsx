import { useForm } from "@inertiajs/react";

import { Button } from "@/parts/Button";
import { Card } from "@/parts/Card";
import { PasswordField } from "@/parts/PasswordField";
import { useErrors } from "@/parts/useErrors";

/** Changes the password. */
export function PasswordForm() {
    const form = useForm({ current: "", password: "" });
    const errors = useErrors(form.errors);
    return (
        <Card title="Password">
            <form
                className="grid gap-4 p-5"
                onSubmit={(event) => {
                    event.preventDefault();
                    form.post("/account/password", {
                        preserveScroll: true,
                        onSuccess: () => form.reset(),
                    });
                }}
            >
                <PasswordField
                    label="The password until now"
                    autoComplete="current-password"
                    value={form.data.current}
                    error={errors.current}
                    onChange={(current) => form.setData("current", current)}
                />
                <PasswordField
                    label="The new one"
                    autoComplete="new-password"
                    hint="At least 12 characters. Your other sessions end."
                    value={form.data.password}
                    error={errors.password}
                    onChange={(password) => form.setData("password", password)}
                />
                <div>
                    <Button type="submit" busy={form.processing}>
                        Change it
                    </Button>
                </div>
            </form>
        </Card>
    );
}
