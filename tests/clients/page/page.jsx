// A page as people write them with Laravel: it counts how often it was told to fetch.

import { configureEcho, useConnectionStatus, useEcho } from "@laravel/echo-react";
import { useState } from "react";
import { createRoot } from "react-dom/client";

configureEcho({ broadcaster: "reverb", ...window.settings });

function Server() {
    const [told, setTold] = useState([]);
    useEcho('servers.7.provision', 'ServerProvisionUpdated', (e) => {
        setTold((told) => [...told, e]);
    });
    return (
        <>
            <p id="status">{useConnectionStatus()}</p>
            <pre id="told">{JSON.stringify(told)}</pre>
        </>
    );
}

createRoot(document.body.appendChild(document.createElement("main"))).render(<Server />);
