/**
 * SHA-256 (FIPS 180-4) whose state can be saved between two requests, and taken up by another isolate. The native hash
 * cannot do that (docs/decisions/027-digest-of-resumable-uploads.md).
 */

const BLOCK = 64;

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes, and of the square roots of 8. */
const { K, H } = (() => {
  const fraction = (root: number): number => Math.floor((root - Math.floor(root)) * 2 ** 32);
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return {
    K: Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime))),
    H: Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
  };
})();

/** What digests the bytes of a session, request after request. */
export interface ResumableDigest {
  update(bytes: Uint8Array): void;
  /**
   * What {@link resumeDigest} needs to go on behind the bytes so far. Rows hold it for up to six days: should its form
   * ever change, the present one must still be read.
   */
  state(): string;
  /** In lower-case hex. The digest is over then. */
  digest(): string;
}

class Sha256 implements ResumableDigest {
  readonly #hash: Int32Array;
  readonly #words = new Int32Array(BLOCK);
  /** The bytes since the last whole block. */
  readonly #block = new Uint8Array(BLOCK);
  #length: number;

  constructor(hash: Int32Array, length: number, rest: Uint8Array) {
    this.#hash = hash.slice();
    this.#length = length;
    this.#block.set(rest);
  }

  update(bytes: Uint8Array): void {
    let at = 0;
    const filled = this.#length % BLOCK;
    this.#length += bytes.length;
    if (filled > 0) {
      at = Math.min(BLOCK - filled, bytes.length);
      this.#block.set(bytes.subarray(0, at), filled);
      if (filled + at < BLOCK) return;
      this.#compress(viewOf(this.#block), 0);
    }
    const view = viewOf(bytes);
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.#compress(view, at);
    this.#block.set(bytes.subarray(at));
  }

  state(): string {
    const rest = this.#block.subarray(0, this.#length % BLOCK);
    return JSON.stringify([this.#length, [...this.#hash], Buffer.from(rest).toString("base64")]);
  }

  digest(): string {
    const bits = this.#length * 8;
    const padding = new Uint8Array((this.#length % BLOCK < 56 ? 56 : 120) - (this.#length % BLOCK) + 8);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(bits / 2 ** 32));
    view.setUint32(padding.length - 4, bits >>> 0);
    this.update(padding);
    return [...this.#hash].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** Most of the time of a large upload is spent here. */
  #compress(view: DataView, from: number): void {
    const w = this.#words;
    const state = this.#hash;
    for (let i = 0, at = from; i < 16; i++, at += 4) w[i] = view.getInt32(at);
    for (let i = 16; i < BLOCK; i++) {
      const x = int(w[i - 15]);
      const y = int(w[i - 2]);
      const s0 = right(x, 7) ^ right(x, 18) ^ (x >>> 3);
      const s1 = right(y, 17) ^ right(y, 19) ^ (y >>> 10);
      w[i] = (int(w[i - 16]) + s0 + int(w[i - 7]) + s1) | 0;
    }
    let a = int(state[0]);
    let b = int(state[1]);
    let c = int(state[2]);
    let d = int(state[3]);
    let e = int(state[4]);
    let f = int(state[5]);
    let g = int(state[6]);
    let h = int(state[7]);
    // Eight rounds a turn: the words take each other's places by name, and after eight rounds each is in its own again.
    for (let i = 0, t = 0; i < BLOCK; i += 8) {
      t = (h + sum1(e) + (g ^ (e & (f ^ g))) + int(K[i]) + int(w[i])) | 0;
      d = (d + t) | 0;
      h = (t + sum0(a) + ((a & b) | (c & (a | b)))) | 0;
      t = (g + sum1(d) + (f ^ (d & (e ^ f))) + int(K[i + 1]) + int(w[i + 1])) | 0;
      c = (c + t) | 0;
      g = (t + sum0(h) + ((h & a) | (b & (h | a)))) | 0;
      t = (f + sum1(c) + (e ^ (c & (d ^ e))) + int(K[i + 2]) + int(w[i + 2])) | 0;
      b = (b + t) | 0;
      f = (t + sum0(g) + ((g & h) | (a & (g | h)))) | 0;
      t = (e + sum1(b) + (d ^ (b & (c ^ d))) + int(K[i + 3]) + int(w[i + 3])) | 0;
      a = (a + t) | 0;
      e = (t + sum0(f) + ((f & g) | (h & (f | g)))) | 0;
      t = (d + sum1(a) + (c ^ (a & (b ^ c))) + int(K[i + 4]) + int(w[i + 4])) | 0;
      h = (h + t) | 0;
      d = (t + sum0(e) + ((e & f) | (g & (e | f)))) | 0;
      t = (c + sum1(h) + (b ^ (h & (a ^ b))) + int(K[i + 5]) + int(w[i + 5])) | 0;
      g = (g + t) | 0;
      c = (t + sum0(d) + ((d & e) | (f & (d | e)))) | 0;
      t = (b + sum1(g) + (a ^ (g & (h ^ a))) + int(K[i + 6]) + int(w[i + 6])) | 0;
      f = (f + t) | 0;
      b = (t + sum0(c) + ((c & d) | (e & (c | d)))) | 0;
      t = (a + sum1(f) + (h ^ (f & (g ^ h))) + int(K[i + 7]) + int(w[i + 7])) | 0;
      e = (e + t) | 0;
      a = (t + sum0(b) + ((b & c) | (d & (b | c)))) | 0;
    }
    state[0] = int(state[0]) + a;
    state[1] = int(state[1]) + b;
    state[2] = int(state[2]) + c;
    state[3] = int(state[3]) + d;
    state[4] = int(state[4]) + e;
    state[5] = int(state[5]) + f;
    state[6] = int(state[6]) + g;
    state[7] = int(state[7]) + h;
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

const right = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));
const sum0 = (word: number): number => right(word, 2) ^ right(word, 13) ^ right(word, 22);
const sum1 = (word: number): number => right(word, 6) ^ right(word, 11) ^ right(word, 25);

/** A number of an array that is certainly there. */
const int = (value: number | undefined): number => value as number;

/** A digest of nothing so far. */
export const newDigest = (): ResumableDigest => new Sha256(H, 0, new Uint8Array(0));

/** A digest that goes on where `state` was taken. */
export function resumeDigest(state: string): ResumableDigest {
  const [length, hash, rest] = JSON.parse(state) as [number, number[], string];
  return new Sha256(Int32Array.from(hash), length, Buffer.from(rest, "base64"));
}
