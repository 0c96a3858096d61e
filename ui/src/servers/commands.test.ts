import { describe, expect, it } from "vitest";

import { commandLine, quoted, request } from "./commands";

const form = {
    name: "it's; rm -rf /",
    host: "203.0.113.24",
    ssh_port: 2222,
    ssh_user: "deploy",
};

describe("promise 10: what a person copies into a shell is one word a value", () => {
    it("quotes what is more than a word", () => {
        expect(quoted("edge-1")).toBe("edge-1");
        expect(quoted("$(id)")).toBe("'$(id)'");
        expect(commandLine(form)).toBe(
            "groundcrew server add 'it'\\''s; rm -rf /' deploy@203.0.113.24:2222 -i KEY",
        );
    });

    it("sends what differs from the defaults", () => {
        const text = request(
            { ...form, name: "edge-1", ssh_user: "root" },
            "https://gc.example.com",
        );
        expect(text).toContain(
            `'{"name":"edge-1","host":"203.0.113.24","ssh_port":2222,"host_key"`,
        );
        expect(text).toContain("https://gc.example.com/api/v1/servers");
    });
});
