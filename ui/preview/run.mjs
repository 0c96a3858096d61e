// Shows the built pages with sample props, without Groundcrew: for the front end's own work and
// checks only. `npm run preview` serves them, `npm run look` takes pictures and asks axe.
import { runnerImport } from "vite";

const [what = "serve", ...names] = process.argv.slice(2);
const { module } = await runnerImport(new URL(`./${what}.ts`, import.meta.url).pathname);
await module.default(names);
