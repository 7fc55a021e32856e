/** The worker that the model runs in. It takes a while to start: app/autoload.js does that first, where it is needed. */
import { WorkerClient } from "./worker-client.js";

export const engine = new WorkerClient(new URL("../engine/worker.js", import.meta.url));
