/** How the words for a status look, on every page. */
import type { Status } from "@/contract";

export const STATUS: Record<Status, { label: string; pill: string; text: string }> = {
    pending: { label: "Pending", pill: "bg-wash text-soft", text: "text-soft" },
    installing: { label: "Installing", pill: "bg-busy-wash text-busy", text: "text-busy" },
    completed: { label: "Completed", pill: "bg-go-wash text-go", text: "text-go" },
    failed: { label: "Failed", pill: "bg-stop-wash text-stop", text: "text-stop" },
    cancelled: { label: "Cancelled", pill: "bg-wash text-soft", text: "text-soft" },
};
