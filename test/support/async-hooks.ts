import { AsyncLocalStorage } from "node:async_hooks";

// vitest 5 calls this after each mocked module, only to make promises faster on Node 22; workerd has it, and it throws.
AsyncLocalStorage.prototype.disable = () => {};
