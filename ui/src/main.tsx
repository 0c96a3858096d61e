/** Starts the pages: reads the first one from the document, and loads the others as they come. */
import { createInertiaApp, router } from "@inertiajs/react";
import { createRoot } from "react-dom/client";
import type { ComponentType } from "react";

import "./app.css";
import type { Shared } from "./contract";
import { applyTheme } from "./layout/theme";
import { connectTo } from "./realtime/echo";
import { setClock } from "./time/clock";

const pages = import.meta.glob<{ default: ComponentType }>("./pages/*.tsx");

applyTheme();
void createInertiaApp({
    title: (title) => (title ? `${title} · Groundcrew` : "Groundcrew"),
    resolve: async (name) => {
        const load = pages[`./pages/${name}.tsx`] ?? pages["./pages/Problem.tsx"];
        if (!load) throw new Error(`there is no page ${name}`);
        return (await load()).default;
    },
    // app.css has its style.
    progress: { delay: 250, includeCSS: false },
    setup: ({ el, App, props }) => {
        take(props.initialPage.props);
        createRoot(el).render(<App {...props} />);
    },
});

// A page of an older build asks for files that are not there any more: the new one names others.
window.addEventListener("vite:preloadError", () => location.reload());

// Before anything shows what came.
router.on("beforeUpdate", (event) => take(event.detail.page.props));
// What is no page of ours is no reason to leave the one that a person is at.
router.on("httpException", (event) => {
    if (!("x-inertia" in event.detail.response.headers)) event.preventDefault();
});

/** Sets what all pages share by what came with one of them. */
function take(props: Record<string, unknown>) {
    const { gateway, now } = props as Partial<Shared>;
    if (now) setClock(now);
    connectTo(gateway);
}
