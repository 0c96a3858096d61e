import type { ServerProvisioning } from "@/contract";
import { Card } from "@/parts/Card";
import { Icon } from "@/parts/Icon";
import { statusOf } from "@/steps/progress";
import { Ago } from "@/time/Ago";

/** What is installed on a server: the jobs of its provisioning that are completed. */
export function Installed({ server }: { server: ServerProvisioning }) {
    const installed = server.steps.filter(
        (step) => step.steps.length > 0 && statusOf(step) === "completed",
    );
    return (
        <Card title="Installed">
            {installed.length === 0 ? (
                <p className="p-5 text-sm text-soft">Nothing yet, but the connection.</p>
            ) : (
                <ul className="divide-y divide-line">
                    {installed.map((step) => (
                        <li key={step.step} className="flex items-start gap-3 px-5 py-3.5 text-sm">
                            <Icon name="check" className="mt-0.5 stroke-2 text-go" />
                            <div className="min-w-0 flex-1">
                                <p className="font-[550] breaking first-letter:uppercase">
                                    {step.name.replace(/^Install /, "")}
                                </p>
                                <p className="text-[13px] breaking text-faint">
                                    {step.description}
                                </p>
                            </div>
                            {step.finished_at && (
                                <span className="text-[13px] whitespace-nowrap text-faint">
                                    <Ago at={step.finished_at} />
                                </span>
                            )}
                        </li>
                    ))}
                </ul>
            )}
        </Card>
    );
}
