import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import typescript from "typescript-eslint";

export default defineConfig(
    { ignores: ["dist", "node_modules", "shots"] },
    typescript.configs.strictTypeChecked,
    hooks.configs.flat["recommended-latest"],
    {
        languageOptions: { parserOptions: { projectService: true } },
        rules: {
            "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
            "@typescript-eslint/no-confusing-void-expression": [
                "error",
                { ignoreArrowShorthand: true },
            ],
        },
    },
    { files: ["preview/*.mjs"], extends: [typescript.configs.disableTypeChecked] },
);
