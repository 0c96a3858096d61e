// What a Laravel application answers at /broadcasting/auth and /broadcasting/user-auth to user
// 1, who may see everything; and a page, if it is given one.

import { createServer } from "node:http";
import { text } from "node:stream/consumers";

import { sdk } from "./site.js";

/** Serves until the test has ended; gives its address. `files` are by path. */
export async function authEndpoint(test, files = {}) {
    const server = createServer(async (request, response) => {
        const { pathname } = new URL(request.url, "http://localhost");
        if (pathname in files) {
            const [type, body] = files[pathname];
            response.writeHead(200, { "content-type": type }).end(body);
            return;
        }
        const asked = Object.fromEntries(new URLSearchParams(await text(request)));
        const answer = JSON.stringify(sign(pathname, asked));
        response.writeHead(200, { "content-type": "application/json" }).end(answer);
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    test.after(() => server.close().closeAllConnections());
    return `http://127.0.0.1:${server.address().port}`;
}

function sign(path, { socket_id, channel_name }) {
    if (path === "/broadcasting/user-auth") return sdk().authenticateUser(socket_id, { id: "1" });
    const user = channel_name.startsWith("presence-")
        ? { user_id: "1", user_info: { name: "Ann" } }
        : { user_id: "1", session: "test" };
    return sdk().authorizeChannel(socket_id, channel_name, user);
}
