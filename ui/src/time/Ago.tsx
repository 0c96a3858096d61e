import { ago, moment } from "./format";
import { useNow } from "./useNow";

/** How long ago something was; the exact time is its title. */
export function Ago({ at }: { at: string }) {
    const now = useNow(5000);
    return (
        <time dateTime={at} title={moment(at)}>
            {ago(at, now)}
        </time>
    );
}
