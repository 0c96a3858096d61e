import { describe, expect, it } from "vitest";

import { completed, failed, installing, joining } from "../../preview/samples/provisioning";
import { currentStep, outputStep, progress, span, spoken } from "./progress";

describe("a provisioning in words and numbers", () => {
    it("knows nothing before it began", () => {
        expect(progress(joining.server.steps)).toBe(0);
        expect(outputStep(joining.server.steps)).toBeUndefined();
        expect(span(joining.server.steps).finished_at).toBeNull();
    });

    it("counts a job by its steps, and shows the output of the one at work", () => {
        const { steps } = installing.server;
        expect(progress(steps)).toBeCloseTo((5 + 3 / 7) / 7);
        expect(outputStep(steps)?.name).toBe("install_software");
        expect(spoken(steps)).toBe("Step 6 of 7: Install Nginx.");
        expect(span(steps).finished_at).toBeNull();
    });

    it("says what failed, and when it ended", () => {
        const { steps } = failed.server;
        expect(currentStep(steps)?.error?.kind).toBe("not_in_place");
        expect(spoken(steps)).toBe("Step 6, Install Nginx, failed.");
        expect(span(steps).finished_at).not.toBeNull();
    });

    it("is whole when all is completed", () => {
        const { steps } = completed.server;
        expect(progress(steps)).toBe(1);
        expect(spoken(steps)).toBe("All steps are completed.");
    });
});
