import { Icon } from "./Icon";

/** Something is at work. */
export const Spinner = ({ className = "" }: { className?: string }) => (
    <Icon name="arc" className={`animate-turn ${className}`} />
);
