// laravel-echo-server with the page's settings, and a page that listens to server 1 by socket.io.
// CONFIG, a folder, is where its settings are put; prints a line for what the page hears.

const { spawn } = require("node:child_process");
const { readFileSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { connect } = require("node:net");
const { join } = require("node:path");

const io = require("socket.io-client");

const { CONFIG, REDIS_URL } = process.env;
const file = join(CONFIG, "laravel-echo-server.json");
const settings = JSON.parse(readFileSync(file, "utf8"));
settings.databaseConfig.redis.port = new URL(REDIS_URL).port;

// The application that says who may listen: everybody.
const application = createServer((request, response) => {
    request.resume().on("end", () => response.setHeader("Content-Type", "application/json").end("{}"));
});
const free = () => new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
        const { port } = server.address();
        server.close(() => done(port));
    });
});

(async () => {
    settings.port = String(await free());
    application.listen(0, "127.0.0.1", () => {
        settings.authHost = `http://127.0.0.1:${application.address().port}`;
        writeFileSync(file, JSON.stringify(settings));
        const server = join(__dirname, "node_modules/laravel-echo-server/bin/server.js");
        // It ends with this script, which the test ends.
        spawn("setpriv", ["--pdeathsig", "KILL", "node", server, "start", `--dir=${CONFIG}`], { stdio: "ignore" });
        const listen = () => {
            const tried = connect(Number(settings.port), "127.0.0.1", () => {
                tried.end();
                const page = io(`http://127.0.0.1:${settings.port}`, { transports: ["websocket"] });
                page.emit("subscribe", { channel: "private-servers.1.provision", auth: { headers: {} } });
                page.on("App\\Events\\ServerProvisionUpdated", (channel, data) => console.log(JSON.stringify(data)));
            });
            tried.on("error", () => setTimeout(listen, 100));
        };
        listen();
    });
})();
