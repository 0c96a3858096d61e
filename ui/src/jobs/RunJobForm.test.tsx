import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { jobs } from "../../preview/samples/jobs";
import { RunJobForm } from "./RunJobForm";

const post = vi.hoisted(() => vi.fn());

// The form's own state is Inertia's; what is sent is ours.
vi.mock("@inertiajs/react", async () => {
    const { useState } = await import("react");
    return {
        usePage: () => ({ props: { errors: { "parameters.database": "must be text" } } }),
        useForm: (initial: object) => {
            const [data, setData] = useState(initial);
            let change = (sent: object) => sent;
            return {
                data,
                errors: {},
                processing: false,
                setData: (name: string, value: unknown) => setData({ ...data, [name]: value }),
                transform: (made: typeof change) => void (change = made),
                post: (address: string) => void post(address, change(data)),
            };
        },
    };
});

describe("a form made from a job's parameters", () => {
    afterEach(cleanup);

    it("has a field for each, with its default and what is wrong with it, and sends them", async () => {
        const postgres = jobs.find(({ name }) => name === "postgres");
        if (!postgres) throw new Error("there is no such sample");
        render(<RunJobForm server={7} job={postgres} />);
        const user = userEvent.setup();
        const database = screen.getByLabelText<HTMLInputElement>("Database");
        expect(database.value).toBe("app");
        expect(database.getAttribute("aria-invalid")).toBe("true");
        expect(screen.getByText("must be text")).toBeTruthy();
        await user.type(screen.getByLabelText("Password of its owner"), "s3cret");
        await user.click(screen.getByRole("checkbox"));
        await user.click(screen.getByRole("button", { name: "Run it" }));
        expect(post).toHaveBeenCalledWith("/servers/7/runs", {
            jobs: ["postgres"],
            parameters: { database: "app", database_password: "s3cret", listen_publicly: "true" },
            untested_system: false,
        });
    });
});
