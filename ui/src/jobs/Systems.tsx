/** The systems that a job was tested on. */
export function Systems({ systems }: { systems: string[] }) {
    return (
        <ul aria-label="Tested on" className="flex flex-wrap gap-1.5">
            {(systems.length > 0 ? systems : ["any system"]).map((system) => (
                <li
                    key={system}
                    className="rounded-md bg-wash px-2 py-0.5 text-[12.5px] text-soft first-letter:uppercase"
                >
                    {system}
                </li>
            ))}
        </ul>
    );
}
