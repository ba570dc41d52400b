/// <reference types="vite/types/importMeta.d.ts" />

/** The types of the Worker and its bindings, for tests that run in workerd. */

import type { Env as StrongroomEnv } from "../../src/env.ts";
import type * as worker from "../../src/index.ts";

declare global {
  namespace Cloudflare {
    interface Env extends StrongroomEnv {}
    interface GlobalProps {
      mainModule: typeof worker;
    }
  }
}
