/**
 * A server that gives the built pages sample props, the way `groundcrew web` gives them real
 * ones: the page around the script, Inertia's answers, its policy, a run's output, and as much
 * of a gateway as one page needs.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { WebSocketServer, type WebSocket } from "ws";

import { answerOutput } from "./outputs";
import { find, samples } from "./samples";
import { shared } from "./samples/shared";

const DIST = new URL("../dist/", import.meta.url);

const POLICY =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; " +
    "connect-src 'self' ws:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const TYPES: Record<string, string> = {
    js: "text/javascript",
    css: "text/css",
    woff2: "font/woff2",
    json: "application/json",
};

interface Chunk {
    file: string;
    css?: string[];
    imports?: string[];
}

export interface Site {
    address: string;
    /** Sends an event to whoever listens on a channel. */
    publish: (channel: string, event: string, data: unknown) => void;
    /** Cuts all lines; none can be opened until `restore`. */
    cut: () => void;
    restore: () => void;
    /** What was asked for, as "GET /servers/7/provisioning server". */
    requests: string[];
    close: () => void;
}

/** Starts it on a free port, or this one. */
export async function start(port = 0): Promise<Site> {
    const requests: string[] = [];
    const sockets = new Map<WebSocket, Set<string>>();
    let isCut = false;
    const server = createServer((request, response) => {
        const only = request.headers["x-inertia-partial-data"];
        requests.push([request.method, request.url, only].filter(Boolean).join(" "));
        answer(request, response, (server.address() as AddressInfo).port);
    });
    const gateway = new WebSocketServer({ noServer: true });
    server.on("upgrade", (request, socket, head) => {
        if (isCut) return void socket.destroy();
        gateway.handleUpgrade(request, socket, head, (client) => {
            sockets.set(client, new Set());
            client.on("close", () => sockets.delete(client));
            client.on("message", (message) => {
                // eslint-disable-next-line @typescript-eslint/no-base-to-string -- text frames
                const { event, data } = JSON.parse(String(message)) as {
                    event: string;
                    data: { channel: string };
                };
                if (event === "pusher:ping") send(client, "pusher:pong", {});
                if (event === "pusher:unsubscribe") sockets.get(client)?.delete(data.channel);
                if (event !== "pusher:subscribe") return;
                sockets.get(client)?.add(data.channel);
                send(client, "pusher_internal:subscription_succeeded", {}, data.channel);
            });
            send(client, "pusher:connection_established", {
                socket_id: "1.1",
                activity_timeout: 30,
            });
        });
    });
    await new Promise<void>((listens) => server.listen(port, "127.0.0.1", listens));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return {
        address,
        requests,
        publish: (channel, event, data) => {
            for (const [client, channels] of sockets) {
                if (channels.has(channel)) send(client, event, data, channel);
            }
        },
        cut: () => {
            isCut = true;
            sockets.forEach((_, client) => client.terminate());
        },
        restore: () => void (isCut = false),
        close: () => {
            sockets.forEach((_, client) => client.terminate());
            server.close();
            server.closeAllConnections();
        },
    };
}

function send(client: WebSocket, event: string, data: unknown, channel?: string) {
    client.send(JSON.stringify({ event, channel, data: JSON.stringify(data) }));
}

function answer(request: IncomingMessage, response: ServerResponse, port: number) {
    const url = new URL(request.url ?? "/", "http://preview");
    const build = /^\/build\/([\w./-]+\.(\w+))$/.exec(url.pathname);
    if (build?.[1] && build[2]) {
        const type = TYPES[build[2]] ?? "application/octet-stream";
        response.setHeader("Content-Type", type).end(readFileSync(new URL(build[1], DIST)));
        return;
    }
    if (url.pathname === "/broadcasting/auth") {
        response.setHeader("Content-Type", "application/json").end('{"auth":"preview:signed"}');
        return;
    }
    if (answerOutput(url, response)) return;
    if (request.method !== "GET") {
        response.writeHead(303, { Location: request.headers.referer ?? "/" }).end();
        return;
    }
    const sample = find(url);
    const gateway = shared.gateway && { ...shared.gateway, port };
    const page = {
        component: sample.component,
        url: url.pathname + url.search,
        version: "preview",
        props: {
            ...shared,
            gateway,
            ...(sample.bare ? { user: null, gateway: null } : {}),
            errors: sample.errors ?? {},
            ...sample.props,
        },
        flash: sample.flash ?? {},
        clearHistory: false,
        encryptHistory: false,
    };
    const status =
        sample.component === "Problem" ? (sample.props as { status: number }).status : 200;
    response.setHeader("Content-Security-Policy", POLICY).setHeader("Vary", "X-Inertia");
    if (request.headers["x-inertia"]) {
        response.writeHead(status, { "X-Inertia": "true", "Content-Type": "application/json" });
        response.end(JSON.stringify(page));
        return;
    }
    response.writeHead(status, { "Content-Type": "text/html; charset=utf-8" });
    response.end(html(page, sample.component));
}

/** The page around the script, as the server writes it. */
function html(page: unknown, component: string): string {
    const manifest = JSON.parse(readFileSync(new URL("manifest.json", DIST), "utf8")) as Record<
        string,
        Chunk
    >;
    const [scripts, styles] = [new Set<string>(), new Set<string>()];
    const add = (name: string) => {
        const chunk = manifest[name];
        if (!chunk || scripts.has(chunk.file)) return;
        scripts.add(chunk.file);
        chunk.css?.forEach((file) => styles.add(file));
        chunk.imports?.forEach(add);
    };
    add("src/main.tsx");
    add(`src/pages/${component}.tsx`);
    const [entry, ...others] = scripts;
    return [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        '<meta name="color-scheme" content="light dark"><title>Groundcrew</title>',
        ...[...styles].map((file) => `<link rel="stylesheet" href="/build/${file}">`),
        ...others.map((file) => `<link rel="modulepreload" href="/build/${file}">`),
        `<script type="module" src="/build/${entry ?? ""}"></script></head><body><div id="app"></div>`,
        `<script type="application/json" data-page="app">${JSON.stringify(page).replace(/</g, "\\u003c")}</script>`,
        "</body></html>",
    ].join("\n");
}

/** The addresses of all samples, by name. */
export const addresses = () => Object.entries(samples).map(([name, { url }]) => ({ name, url }));
