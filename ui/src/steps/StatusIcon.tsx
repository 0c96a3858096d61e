import type { Status } from "@/contract";
import { Icon } from "@/parts/Icon";
import { Spinner } from "@/parts/Spinner";
import { STATUS } from "@/parts/status";

interface Props {
    status: Status;
    /** It was in place already. */
    unchanged?: boolean;
}

/** What became of a step, as a sign; its word is for those who hear the page. */
export function StatusIcon({ status, unchanged = false }: Props) {
    return (
        <>
            <span className="sr-only">{STATUS[status].label}: </span>
            {status === "installing" ? (
                <Spinner className="size-3.5 text-signal-ink" />
            ) : status === "completed" ? (
                <Icon
                    name="check"
                    className={`size-3.5 stroke-[2.2] ${unchanged ? "text-faint" : "text-go"}`}
                />
            ) : status === "failed" ? (
                <Icon name="close" className="size-3.5 stroke-[2.2] text-stop" />
            ) : (
                <Icon
                    name={status === "cancelled" ? "skip" : "circle"}
                    className="size-3.5 text-faint"
                />
            )}
        </>
    );
}
