// Where the gateways are and what their application is called: the environment says so, which
// tests/gateway sets.

import { spawn } from "node:child_process";
import { once } from "node:events";

import PusherSdk from "pusher";

function setting(name) {
    const value = process.env[name];
    if (!value) throw new Error(`${name} is not set: these scripts are started by tests/gateway`);
    return value;
}

/** The machine that the gateways are on. */
export const host = process.env.GATEWAY_HOST ?? "127.0.0.1";
/** The port of each gateway, or of what stands before them. */
export const ports = setting("GATEWAY_PORTS").split(",").map(Number);
export const appId = setting("GROUNDCREW_APP_ID");
export const key = setting("GROUNDCREW_APP_KEY");
export const secret = setting("GROUNDCREW_APP_SECRET");
/** The servers that user 1 may see, by id. */
export const servers = setting("SERVERS").split(",").map(Number);

/** A run of the first of them. */
export const run = process.env.A_RUN;

/** Pusher's own server SDK: publishes at one of the gateways, and signs. */
export function sdk(gateway = 0, options = {}) {
    return new PusherSdk({
        appId,
        key,
        secret,
        host,
        port: ports[gateway],
        // Any 32 bytes: those of channels that are encrypted end to end.
        encryptionMasterKeyBase64: Buffer.alloc(32, 7).toString("base64"),
        ...options,
    });
}

/** Publishes in Redis, as Laravel's `redis` broadcaster does: one message, or many in order. */
export async function publish(channel, ...messages) {
    const redis = spawn("redis-cli", ["-u", setting("REDIS_URL")], { stdio: ["pipe", "ignore", "inherit"] });
    // In its single quotes, only they themselves are special.
    const line = (message) => `publish ${setting("REDIS_PREFIX")}${channel} '${message.replaceAll("'", "\\'")}'\n`;
    redis.stdin.end(messages.map(line).join(""));
    const [code] = await once(redis, "close");
    if (code !== 0) throw new Error(`redis-cli ended with ${code}`);
}
