import { usePage } from "@inertiajs/react";

/** What is wrong with a form's fields, by name: as the page came with it, and as the form was told. */
export function useErrors(
    ofForm: Partial<Record<string, string>>,
): Partial<Record<string, string>> {
    const ofPage = usePage().props.errors as Partial<Record<string, string>>;
    return { ...ofPage, ...ofForm };
}
