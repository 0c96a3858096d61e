import type { Token } from "@/contract";
import { Confirm } from "@/parts/Confirm";
import { useSend } from "@/parts/useSend";
import { Ago } from "@/time/Ago";
import { now } from "@/time/clock";
import { day } from "@/time/format";

/** The tokens that there are. */
export function TokenList({ tokens }: { tokens: Token[] }) {
    const { send } = useSend();
    if (tokens.length === 0) {
        return (
            <p className="p-5 text-soft">
                There is none yet. A script, a pipeline or another panel shows one to the API
                instead of a password.
            </p>
        );
    }
    return (
        <ul className="divide-y divide-line">
            {tokens.map((token) => {
                const expired = token.expires_at !== null && Date.parse(token.expires_at) < now();
                return (
                    <li
                        key={token.id}
                        className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-3.5"
                    >
                        <div className="min-w-0 flex-1 basis-56">
                            <p className="truncate font-[550]" title={token.name}>
                                {token.name}
                            </p>
                            <p className="text-[13px] text-faint">
                                <span className="font-mono text-[12.5px]">
                                    {token.scopes.join(", ")}
                                </span>
                                {" · "}
                                {token.last_used_at ? (
                                    <>
                                        used <Ago at={token.last_used_at} />
                                    </>
                                ) : (
                                    "never used"
                                )}
                                {" · "}
                                {token.expires_at ? (
                                    <span className={expired ? "text-stop" : ""}>
                                        {expired ? "expired" : "until"} {day(token.expires_at)}
                                    </span>
                                ) : (
                                    "without an end"
                                )}
                            </p>
                        </div>
                        <Confirm
                            button="Revoke"
                            title={`Revoke ${token.name}?`}
                            action="Revoke it"
                            onConfirm={() => send("delete", `/tokens/${token.id}`)}
                        >
                            Whoever shows it is refused from now on.
                        </Confirm>
                    </li>
                );
            })}
        </ul>
    );
}
