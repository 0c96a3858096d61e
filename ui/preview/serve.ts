/** Serves the samples, and says where they are. */
import { addresses, start } from "./site";

export default async function serve() {
    const site = await start(8090);
    for (const { name, url } of addresses()) console.log(name.padEnd(28), site.address + url);
}
