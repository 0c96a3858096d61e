import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// There is no index.html: `groundcrew web` writes the page around the script, with the names
// that the manifest gives.
export default defineConfig({
    plugins: [react(), tailwindcss()],
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
