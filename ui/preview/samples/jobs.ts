/** The catalog: Nginx as it is, and others as they may be. */
import type { Job, JobStepDescription, Parameter } from "../../src/contract";

const step = (
    name: string,
    title: string,
    more: Partial<JobStepDescription> = {},
): JobStepDescription => ({ name, title, kind: "command", timeout: 600, on_change: null, ...more });

const parameter = (
    name: string,
    type: Parameter["type"],
    title: string,
    more: Partial<Parameter> = {},
): Parameter => ({ name, type, title, choices: null, default: null, description: null, ...more });

export const nginx: Job = {
    name: "nginx",
    title: "Nginx web server",
    description: "Nginx from Debian, serving a first page of the host on port 80.",
    systems: ["debian 12", "debian 13"],
    needs: [],
    parameters: [
        parameter("app_user", "unix_user", "User that owns the sites", {
            default: "deploy",
            description:
                "Made if it is not there. Owns /var/www/default, the folder of the first page.",
        }),
    ],
    steps: [
        step("prepare_system", "Preparing the system", { timeout: 1800 }),
        step("package_source", "Looking for the package source", { timeout: 1800 }),
        step("remove_conflicting_web_servers", "Removing conflicting web servers"),
        step("install_software", "Installing Nginx web server", { timeout: 1800 }),
        step("configure_nginx", "Configuring Nginx", { kind: "file", on_change: "reload nginx" }),
        step("enable_service", "Starting Nginx, now and at each boot"),
        step("verify", "Verifying the Nginx installation", { kind: "assert", timeout: 60 }),
    ],
};

export const jobs: Job[] = [
    nginx,
    {
        ...nginx,
        name: "postgres",
        title: "PostgreSQL database",
        description:
            "PostgreSQL from Debian, reachable from this server only unless you say otherwise.",
        parameters: [
            parameter("database", "string", "Database", { default: "app" }),
            parameter("database_password", "secret", "Password of its owner", {
                description: "At least 4 characters. Kept encrypted, and masked in the output.",
            }),
            parameter("listen_publicly", "boolean", "Reachable from other machines", {
                default: "false",
                description: "With TLS, and for users with a password only.",
            }),
        ],
    },
    {
        ...nginx,
        name: "php",
        title: "PHP",
        description: "PHP-FPM with what Laravel needs, behind Nginx.",
        needs: ["nginx"],
        systems: ["debian 13"],
        parameters: [
            parameter("php_version", "choice", "Version", {
                choices: ["8.4", "8.3", "8.2"],
                default: "8.4",
            }),
            parameter("php_port", "port", "Port of the status page"),
        ],
    },
    {
        ...nginx,
        name: "firewall",
        title: "Firewall",
        description: "nftables: only SSH, HTTP and HTTPS are open.",
        parameters: [],
    },
];
