import { useState } from "react";

import { Field } from "./Field";

interface Props {
    label: string;
    value: string;
    onChange: (value: string) => void;
    autoComplete: "current-password" | "new-password";
    error?: string | undefined;
    hint?: string;
}

/** A password, hidden unless a person wants to see it. */
export function PasswordField({ label, value, onChange, autoComplete, error, hint }: Props) {
    const [shown, setShown] = useState(false);
    return (
        <Field label={label} error={error} hint={hint}>
            {(attributes) => (
                <div className="relative">
                    <input
                        {...attributes}
                        type={shown ? "text" : "password"}
                        required
                        autoComplete={autoComplete}
                        value={value}
                        onChange={(event) => onChange(event.target.value)}
                        className={`${attributes.className} pr-16`}
                    />
                    <button
                        type="button"
                        onClick={() => setShown(!shown)}
                        aria-label={shown ? "Hide the password" : "Show the password"}
                        className="absolute inset-y-0 right-0 rounded-[10px] px-3.5 text-[13px] font-[550] text-soft hover:text-ink"
                    >
                        {shown ? "Hide" : "Show"}
                    </button>
                </div>
            )}
        </Field>
    );
}
