/** The person's theme: kept in the browser, and the system's where nothing was chosen. */

export type Theme = "system" | "light" | "dark";

export const THEMES: Theme[] = ["system", "light", "dark"];

const KEY = "groundcrew.theme";

/** What was chosen. */
export function theme(): Theme {
    try {
        const kept = localStorage.getItem(KEY);
        return THEMES.find((theme) => theme === kept) ?? "system";
    } catch {
        // A browser may keep nothing.
        return "system";
    }
}

/** Keeps a choice, and shows it. */
export function chooseTheme(chosen: Theme) {
    try {
        localStorage.setItem(KEY, chosen);
    } catch {
        // It holds for this page only.
    }
    applyTheme(chosen);
}

/** Shows a theme. */
export function applyTheme(chosen = theme()) {
    if (chosen === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
}
