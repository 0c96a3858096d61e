import { describe, expect, it } from "vitest";

import type { Job, Parameter } from "@/contract";

import { parametersOf, valuesFor, withNeeds } from "./choose";

const parameter = (name: string, more: Partial<Parameter> = {}): Parameter => ({
    name,
    type: "string",
    choices: null,
    default: null,
    title: null,
    description: null,
    ...more,
});

const job = (name: string, needs: string[], parameters: Parameter[]): Job => ({
    name,
    title: name,
    description: null,
    systems: [],
    needs,
    parameters,
    steps: [],
});

const jobs = [
    job("nginx", [], [parameter("app_user", { default: "deploy", type: "unix_user" })]),
    job("php", ["nginx"], [parameter("app_user"), parameter("version", { default: "8.4" })]),
    job("redis", [], [parameter("port", { type: "port" })]),
];

describe("what is chosen from the catalog", () => {
    it("brings what it needs, once", () => {
        expect(withNeeds(jobs, ["php", "nginx"]).map(({ name }) => name)).toEqual(["nginx", "php"]);
    });

    it("asks once for a parameter that jobs share", () => {
        expect(parametersOf(jobs, ["php"]).map(({ name }) => name)).toEqual([
            "app_user",
            "version",
        ]);
    });

    it("sends what was entered, else the default, and nothing that is empty", () => {
        const wanted = parametersOf(jobs, ["php", "redis"]);
        expect(valuesFor(wanted, { version: "8.3", left_over: "x" })).toEqual({
            app_user: "deploy",
            version: "8.3",
        });
    });
});
