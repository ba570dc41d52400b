import { ServerScene } from "../local/server-scene.ts";

/** A server for the tests of a file, and how commands reach it. */
export class CommandScene extends ServerScene {
  constructor() {
    super(["--quiet"]);
  }

  /** What a command needs of the environment to reach it: with a secret key, and as the operator. */
  get env(): Record<string, string> {
    const { url, secret_key, admin_token } = this.credentials;
    return { STRONGROOM_URL: url, STRONGROOM_KEY: secret_key, STRONGROOM_ADMIN_TOKEN: admin_token };
  }
}
