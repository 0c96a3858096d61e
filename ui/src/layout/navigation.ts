/** Where one can go from everywhere. */
export const NAVIGATION = [
    { name: "Servers", address: "/servers" },
    { name: "Runs", address: "/runs" },
    { name: "Jobs", address: "/jobs" },
    { name: "Workers", address: "/workers" },
];
