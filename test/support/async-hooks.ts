/** Makes vitest 5 run in workerd, where one of its speed-ups throws. */

import { AsyncLocalStorage } from "node:async_hooks";

// vitest 5 calls this after each mocked module, only to make promises faster on Node 22. workerd has the method, and it
// throws there.
AsyncLocalStorage.prototype.disable = () => {};
