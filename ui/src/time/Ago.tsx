import { ago, moment } from "./format";
import { useNow } from "./useNow";

/** How long ago something was; the exact time is its title. */
export function Ago({ at }: { at: string }) {
    const now = useNow(Date.now() - Date.parse(at) < 120_000 ? 1000 : 30_000);
    return (
        <time dateTime={at} title={moment(at)}>
            {ago(at, now)}
        </time>
    );
}
