/** Starts the pages: reads the first one from the document, and loads the others as they come. */
import { createInertiaApp } from "@inertiajs/react";
import { createRoot } from "react-dom/client";
import type { ComponentType } from "react";

import "./app.css";
import { applyTheme } from "./layout/theme";

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
    setup: ({ el, App, props }) => createRoot(el).render(<App {...props} />),
});
