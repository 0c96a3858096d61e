/** All samples: each page at the moments that look different. */
import type { Flash, Pages, Shared } from "../../src/contract";
import * as provisioning from "./provisioning";

interface SampleOf<Name extends keyof Pages> {
    component: Name;
    url: string;
    props: Pages[Name] & Partial<Shared>;
    /** Nobody is signed in. */
    bare?: boolean;
    errors?: Record<string, string>;
    flash?: Flash;
}

export type Sample = { [Name in keyof Pages]: SampleOf<Name> }[keyof Pages];

const provision = (name: string, props: Pages["ServerProvisioning"]): Sample => ({
    component: "ServerProvisioning",
    url: `/servers/7/provisioning?sample=${name}`,
    props,
});

export const samples: Record<string, Sample> = {
    provisioning: provision("installing", provisioning.installing),
    "provisioning-joining": provision("joining", provisioning.joining),
    "provisioning-confirming": provision("confirming", provisioning.confirming),
    "provisioning-waiting": provision("waiting", provisioning.waiting),
    "provisioning-unreachable": provision("unreachable", provisioning.unreachable),
    "provisioning-failed": provision("failed", provisioning.failed),
    "provisioning-completed": provision("completed", provisioning.completed),
    "provisioning-long": provision("long", provisioning.long),
};

/** The sample at this address. */
export function find(url: URL): Sample {
    const wanted = url.pathname + url.search;
    const all = Object.values(samples);
    const found =
        all.find((sample) => sample.url === wanted) ??
        all.find((sample) => sample.url.split("?")[0] === url.pathname);
    return (
        found ?? {
            component: "Problem",
            url: wanted,
            props: { status: 404, detail: "There is no sample at this address." },
        }
    );
}
