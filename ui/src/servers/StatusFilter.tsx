import type { ServerSummary, Status } from "@/contract";
import { STATUS } from "@/parts/status";

export type Wanted = Status | "all";

const WORDS: Wanted[] = ["all", "installing", "failed", "pending", "completed"];

interface Props {
    servers: ServerSummary[];
    wanted: Wanted;
    onWant: (wanted: Wanted) => void;
}

/** How many servers stand where; a press shows only those. */
export function StatusFilter({ servers, wanted, onWant }: Props) {
    const count = (word: Wanted) =>
        word === "all"
            ? servers.length
            : servers.filter(({ provision_status }) => provision_status === word).length;
    return (
        <div role="group" aria-label="Which servers are shown" className="flex flex-wrap gap-1">
            {WORDS.filter((word) => word === "all" || word === wanted || count(word) > 0).map(
                (word) => (
                    <button
                        key={word}
                        type="button"
                        aria-pressed={word === wanted}
                        onClick={() => onWant(word)}
                        className="flex h-9 items-center gap-2 rounded-lg px-3 text-sm font-[550] text-soft hover:text-ink aria-pressed:bg-wash aria-pressed:text-ink"
                    >
                        {word !== "all" && (
                            <span
                                aria-hidden
                                className={`size-[7px] rounded-full bg-current ${STATUS[word].text}`}
                            />
                        )}
                        {word === "all" ? "All" : STATUS[word].label}
                        <span className="font-normal text-faint tabular">{count(word)}</span>
                    </button>
                ),
            )}
        </div>
    );
}
