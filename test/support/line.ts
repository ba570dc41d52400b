/** A line between clients and a server, which a test can hold and cut. */

import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export class Line {
  readonly #server = createServer((client) => this.#carry(client));
  readonly #port: number;
  readonly #clients = new Set<Socket>();
  /** How many bytes clients have sent over it. */
  sent = 0;
  /** Whether connections end as soon as the server answers. */
  isMute = false;
  #most = Infinity;
  #isFull = (): void => {};
  #isFree = Promise.resolve();
  #free = (): void => {};

  private constructor(port: number) {
    this.#port = port;
  }

  /** A line to a server on this machine. */
  static async to(url: string): Promise<Line> {
    const line = new Line(Number(new URL(url).port));
    await new Promise<void>((resolve) => line.#server.listen(0, "127.0.0.1", resolve));
    return line;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Lets so many more bytes through to the server, and then none. Resolves when they are through. */
  async holdAfter(bytes: number): Promise<void> {
    this.#most = this.sent + bytes;
    this.#isFree = new Promise((resolve) => {
      this.#free = resolve;
    });
    await new Promise<void>((resolve) => {
      this.#isFull = resolve;
    });
  }

  /** Lets everything through again. */
  release(): void {
    this.#most = Infinity;
    this.#free();
  }

  /**
   * Ends all connections that there are, without a word, and lets new ones through. What has passed the line arrives: were
   * the server's connections reset, what it had not read yet would be lost or not, as busy as it is.
   */
  cut(): void {
    for (const client of this.#clients) client.resetAndDestroy();
    this.release();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #carry(client: Socket): void {
    const server = connect(this.#port, "127.0.0.1");
    this.#clients.add(client);
    for (const socket of [client, server]) {
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#clients.delete(client);
        client.destroy();
        server.destroy();
      });
    }
    server.on("data", () => this.isMute && client.resetAndDestroy());
    server.pipe(client);
    void this.#forward(client, server);
  }

  async #forward(client: Socket, server: Socket): Promise<void> {
    const closed = new Promise((resolve) => server.once("close", resolve));
    try {
      for await (const chunk of client) {
        this.sent += (chunk as Buffer).length;
        if (!server.write(chunk as Buffer)) {
          await Promise.race([closed, new Promise((resolve) => server.once("drain", resolve))]);
        }
        if (this.sent < this.#most) continue;
        this.#isFull();
        await this.#isFree;
      }
      server.end();
    } catch {
      // It was cut.
    }
  }
}
