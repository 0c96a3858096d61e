import type { Parameter } from "@/contract";
import { Field } from "@/parts/Field";
import { Select } from "@/parts/Select";

interface Props {
    parameter: Parameter;
    value: string;
    error: string | undefined;
    onChange: (value: string) => void;
}

/** What the types of parameters look like in a form; the server checks them. */
const INPUTS: Partial<
    Record<Parameter["type"], { placeholder?: string; inputMode?: "numeric"; mono?: boolean }>
> = {
    integer: { inputMode: "numeric" },
    port: { inputMode: "numeric", placeholder: "8080" },
    domain: { placeholder: "example.org", mono: true },
    path: { placeholder: "/srv/data", mono: true },
    unix_user: { placeholder: "deploy", mono: true },
};

/** A field for a parameter of a job. */
export function ParameterField({ parameter, value, error, onChange }: Props) {
    const { name, title, description, type, choices } = parameter;
    const label = title ?? name;
    if (type === "boolean") {
        return (
            <div>
                <label className="flex items-start gap-2.5 text-sm">
                    <input
                        type="checkbox"
                        className="mt-0.5 size-4 flex-none accent-signal"
                        checked={value === "true"}
                        onChange={(event) => onChange(event.target.checked ? "true" : "false")}
                    />
                    <span>
                        <span className="font-[550]">{label}</span>
                        {description && (
                            <span className="block text-[13px] text-faint">{description}</span>
                        )}
                    </span>
                </label>
                {error && <p className="mt-1.5 text-sm text-stop">{error}</p>}
            </div>
        );
    }
    const look = INPUTS[type];
    return (
        <Field label={label} hint={description} error={error}>
            {(attributes) =>
                choices ? (
                    <Select
                        {...attributes}
                        value={value}
                        onChange={(event) => onChange(event.target.value)}
                    >
                        {value === "" && <option value="">Choose one</option>}
                        {choices.map((choice) => (
                            <option key={choice}>{choice}</option>
                        ))}
                    </Select>
                ) : (
                    <input
                        {...attributes}
                        type={type === "secret" ? "password" : "text"}
                        inputMode={look?.inputMode}
                        placeholder={look?.placeholder}
                        autoComplete="off"
                        autoCapitalize="none"
                        spellCheck={false}
                        required={parameter.default === null && type !== "string"}
                        value={value}
                        onChange={(event) => onChange(event.target.value)}
                        className={`${attributes.className} ${look?.mono ? "font-mono text-[14px]" : ""}`}
                    />
                )
            }
        </Field>
    );
}
