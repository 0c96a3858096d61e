/** How the button with a person's initials looks. */
export const AVATAR =
    "bg-wash border-line text-soft hover:border-edge grid size-9 place-items-center rounded-full border text-[12px] font-[600]";

/** A person's initials: "Marie Kern" is "MK", "admin" is "AD". */
export function Avatar({ name }: { name: string }) {
    const [first = "?", second] = name.split(/[\s._-]+/).filter(Boolean);
    const initials = second ? first.slice(0, 1) + second.slice(0, 1) : first.slice(0, 2);
    return (
        <>
            <span className="sr-only">Menu of {name}, </span>
            {initials.toUpperCase()}
        </>
    );
}
