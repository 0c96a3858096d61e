import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Puts a compressed copy beside each script and stylesheet, as they are sent. */
function compressed(): Plugin {
    return {
        name: "compressed",
        apply: "build",
        // From the disk: what a bundle has until then is not the last word.
        writeBundle({ dir = "dist" }, bundle) {
            for (const name of Object.keys(bundle).filter((name) => /\.(js|css)$/.test(name))) {
                const file = join(dir, name);
                writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
            }
        },
    };
}

// There is no index.html: `groundcrew web` writes the page around the script, with the names
// that the manifest gives.
export default defineConfig({
    plugins: [react(), tailwindcss(), compressed()],
    resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
    base: "/build/",
    build: {
        manifest: "manifest.json",
        target: "es2023",
        // The policy of the pages allows no `data:`.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        rolldownOptions: {
            input: "src/main.tsx",
            // What most pages need comes as one file, not as twenty.
            output: {
                codeSplitting: {
                    groups: [
                        { name: "react", test: /node_modules\/(react|react-dom|scheduler)\// },
                        { name: "parts", test: /src\/(layout|parts|realtime|time)\// },
                    ],
                },
            },
        },
    },
    test: { environment: "happy-dom", restoreMocks: true },
});
