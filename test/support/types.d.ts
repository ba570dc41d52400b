/// <reference types="vite/types/importMeta.d.ts" />

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
