import { ButtonLink } from "@/parts/ButtonLink";
import { Card } from "@/parts/Card";
import { EmptyState } from "@/parts/EmptyState";

/** A server that is ready, and on which nothing was to be installed yet. */
export function NothingWanted({ server }: { server: number }) {
    return (
        <Card label="Steps" className="lg:col-span-2">
            <EmptyState
                icon="server"
                title="Nothing is to be done"
                action={
                    <ButtonLink href={`/servers/${server}`} kind="main">
                        Run a job on it
                    </ButtonLink>
                }
            >
                The server was added ready to be used. Ask for a job, and watch its steps here.
            </EmptyState>
        </Card>
    );
}
