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
import { find, samples, type Sample } from "./samples";
import { shared } from "./samples/shared";

const DIST = new URL("../dist/", import.meta.url);

const POLICY =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; " +
    "connect-src 'self' ws:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const TYPES: Record<string, string> = {
    js: "text/javascript",
    css: "text/css",
    woff2: "font/woff2",
    svg: "image/svg+xml",
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
    /** From now on another sample is at its address. */
    show: (sample: Sample) => void;
    /** How pages answer: so many ms late, with this status, and whether one may subscribe. */
    answers: { late: number; status: number; mayListen: boolean };
    /** The most requests for pages that were under way at once. */
    most: () => number;
    close: () => void;
}

/** Starts it on a free port, or this one. */
export async function start(port = 0): Promise<Site> {
    const requests: string[] = [];
    const sockets = new Map<WebSocket, Set<string>>();
    const answers = { late: 0, status: 200, mayListen: true };
    const shown = new Map<string, Sample>();
    let [isCut, underWay, most] = [false, 0, 0];
    const server = createServer((request, response) => {
        const only = request.headers["x-inertia-partial-data"];
        requests.push([request.method, request.url, only].filter(Boolean).join(" "));
        const url = new URL(request.url ?? "/", "http://preview");
        if (answerFile(url, response) || answerOutput(url, response)) return;
        if (url.pathname === "/broadcasting/auth") {
            response.writeHead(answers.mayListen ? 200 : 403, { "Content-Type": TYPES.json });
            response.end('{"auth":"preview:signed"}');
            return;
        }
        if (request.method !== "GET") {
            void answerForm(request, response, url.pathname, server.address() as AddressInfo);
            return;
        }
        most = Math.max(most, ++underWay);
        const sample = shown.get(url.pathname) ?? find(url);
        setTimeout(() => {
            underWay--;
            const { port } = server.address() as AddressInfo;
            if (answers.status === 200) answerPage(request, response, sample, port);
            else response.writeHead(answers.status).end();
        }, answers.late);
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
        show: (sample) => void shown.set(sample.url.split("?")[0] ?? "", sample),
        answers,
        most: () => most,
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

/** Answers a request for a built file; false: it is none. */
function answerFile({ pathname }: URL, response: ServerResponse): boolean {
    const [, name, ending] = /^\/build\/([\w./-]+\.(\w+))$/.exec(pathname) ?? [];
    if (!name || !ending) return false;
    response.setHeader("Content-Type", TYPES[ending] ?? "application/octet-stream");
    response.end(readFileSync(new URL(name, DIST)));
    return true;
}

/** Answers what the samples know of: a page, with what is wrong or what is said once. */
async function answerForm(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    { port }: AddressInfo,
) {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const sent = JSON.parse(Buffer.concat(chunks).toString() || "{}") as { name?: string };
    const name =
        path === "/servers"
            ? sent.name === "taken"
                ? "add-server-wrong"
                : "provisioning-joining"
            : path === "/tokens"
              ? "account-made"
              : undefined;
    const sample = name ? samples[name] : undefined;
    if (sample) answerPage(request, response, sample, port);
    else response.writeHead(303, { Location: request.headers.referer ?? "/" }).end();
}

function answerPage(
    request: IncomingMessage,
    response: ServerResponse,
    sample: Sample,
    port: number,
) {
    const gateway = shared.gateway && { ...shared.gateway, port };
    const page = {
        component: sample.component,
        url: request.method === "GET" ? request.url : sample.url.split("?")[0],
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
    const isWrong = request.method !== "GET" && sample.errors !== undefined;
    const status = sample.component === "Problem" ? sample.props.status : isWrong ? 422 : 200;
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
        '<link rel="icon" href="/build/icon.svg" type="image/svg+xml">',
        ...[...styles].map((file) => `<link rel="stylesheet" href="/build/${file}">`),
        ...others.map((file) => `<link rel="modulepreload" href="/build/${file}">`),
        `<script type="module" src="/build/${entry ?? ""}"></script></head><body><div id="app"></div>`,
        `<script type="application/json" data-page="app">${JSON.stringify(page).replace(/</g, "\\u003c")}</script>`,
        "</body></html>",
    ].join("\n");
}

/** The addresses of all samples, by name. */
export const addresses = () => Object.entries(samples).map(([name, { url }]) => ({ name, url }));
