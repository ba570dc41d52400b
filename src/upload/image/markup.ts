/** Reads an XML document up to the start tag of its root element, in bounded work, and keeps next to nothing of it. */

import { type Source, type Steps, NOTHING, Unreadable, byte, text } from "./source.ts";

/**
 * How many bytes may come before the end of the root element's tag: comments, a document type with its entities, and
 * the tag itself. They are looked at one by one, at some nanoseconds each, and not kept.
 */
export const MAX_HEAD_BYTES = 1024 * 1024;

/**
 * How many names, values, comments, stretches of white space and the like may come up to there. Drawing programs write
 * up to thirty attributes and twenty entities, of some four tokens each.
 */
export const MAX_TOKENS = 4_096;

/**
 * The longest name or value that is kept, in characters. What is longer becomes TOO_LONG, which no document can hold.
 */
const MAX_TEXT_LENGTH = 256;
export const TOO_LONG = "\0";

const [LESS, GREATER, EQUALS, SLASH, EXCLAMATION, QUESTION, DASH] = [0x3c, 0x3e, 0x3d, 0x2f, 0x21, 0x3f, 0x2d];
const [QUOTE, APOSTROPHE, OPEN, CLOSE] = [0x22, 0x27, 0x5b, 0x5d];

/** The kind of character that each byte is. It is a table because every byte is looked up in it. */
const [NAME, SPACE, MARK] = [0, 1, 2];
const KINDS = new Uint8Array(256);
for (const it of Buffer.from(" \t\r\n")) KINDS[it] = SPACE;
for (const it of Buffer.from(`<>=/!?"'[]`)) KINDS[it] = MARK;

const isSpace = (it: number): boolean => KINDS[it] === SPACE;
const isMark = (it: number): boolean => KINDS[it] === MARK;
const endsName = (it: number): boolean => KINDS[it] !== NAME;
const endsKeyword = (it: number): boolean => it < 0x41 || it > 0x5a;

/** The start tag of a document's root element. */
export interface RootTag {
  readonly name: string;
  /** The attributes that were asked for. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Whether the tag ends the element too: `<svg/>`. */
  readonly empty: boolean;
  /** The name in the document type declaration, if there is one. */
  readonly doctype: string | undefined;
}

/** Whether to keep an attribute of an element. */
type Wanted = (element: string, attribute: string) => boolean;

/** Reads XML up to its root element (XML 1.0, 2.8). Bytes are taken for Latin-1, because all that counts is ASCII. */
export class Markup {
  readonly #source: Source;
  #chunk = NOTHING;
  #at = 0;
  /** Where in the chunk to stop: its end, or where the head has become too long. */
  #end = 0;
  #left = MAX_HEAD_BYTES;
  #tokens = MAX_TOKENS;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Returns what has come but was not looked at, for whoever reads on from here. */
  release(): Uint8Array {
    const rest = this.#chunk.subarray(this.#at);
    this.#chunk = NOTHING;
    return rest;
  }

  /**
   * Reads up to the root element's start tag, and returns the tag; null when the document is not well-formed so far.
   */
  *rootTag(wanted: Wanted): Steps<RootTag | null> {
    let doctype: string | undefined;
    let next = yield* this.#next();
    // The byte order mark of UTF-8.
    if (next === 0xef && (yield* this.#next()) === 0xbb && (yield* this.#next()) === 0xbf) next = yield* this.#next();
    for (;;) {
      next = yield* this.#pastSpace(next);
      if (next !== LESS) return null;
      next = yield* this.#next();
      if (next === QUESTION) {
        yield* this.#past("?>");
      } else if (next === EXCLAMATION) {
        const word = yield* this.#until(endsKeyword, yield* this.#next());
        if (word.text === "DOCTYPE") doctype = yield* this.#doctype(word.next);
        else if (word.text === "" && word.next === DASH && (yield* this.#next()) === DASH) yield* this.#past("-->");
        else return null;
      } else {
        const tag = yield* this.#tag(next, wanted);
        return tag && { ...tag, doctype };
      }
      next = yield* this.#next();
    }
  }

  *#tag(first: number, wanted: Wanted): Steps<Omit<RootTag, "doctype"> | null> {
    const attributes = new Map<string, string>();
    const element = yield* this.#until(endsName, first);
    const name = element.text;
    let next = element.next;
    for (;;) {
      const spaced = isSpace(next);
      next = yield* this.#pastSpace(next);
      if (next === GREATER) return { name, attributes, empty: false };
      if (next === SLASH) return (yield* this.#next()) === GREATER ? { name, attributes, empty: true } : null;
      if (!spaced) return null;
      const attribute = yield* this.#until(endsName, next);
      if (attribute.text === "" || (yield* this.#pastSpace(attribute.next)) !== EQUALS) return null;
      const quote = yield* this.#pastSpace(yield* this.#next());
      if (quote !== QUOTE && quote !== APOSTROPHE) return null;
      const value = yield* this.#until((it) => it === quote || it === LESS, yield* this.#next());
      // No well-formed document has an attribute twice.
      if (value.next !== quote || attributes.has(attribute.text)) return null;
      if (wanted(name, attribute.text)) attributes.set(attribute.text, value.text);
      next = yield* this.#next();
    }
  }

  /**
   * Reads the rest of `<!DOCTYPE name … [ … ]>`, and returns the name. Brackets may stand in quotes, comments and
   * instructions.
   */
  *#doctype(first: number): Steps<string> {
    const name = yield* this.#until(endsName, yield* this.#pastSpace(first));
    let inside = false;
    for (let next = name.next; ; next = yield* this.#next()) {
      next = (yield* this.#until(isMark, next)).next;
      if (next === GREATER && !inside) return name.text;
      this.#count();
      if (next === QUOTE || next === APOSTROPHE) {
        yield* this.#past(String.fromCharCode(next));
      } else if (next === OPEN || next === CLOSE) {
        inside = next === OPEN;
      } else if (next === LESS) {
        const kind = yield* this.#next();
        if (kind === QUESTION) yield* this.#past("?>");
        else if (kind === EXCLAMATION && (yield* this.#next()) === DASH) yield* this.#past("-->");
      }
    }
  }

  /** Passes over everything up to the end of `last`: one character, or several of which all but the last are equal. */
  *#past(last: string): Steps<void> {
    this.#count();
    for (let matched = this.#match(last, 0); matched < last.length; matched = this.#match(last, matched)) {
      yield* this.#more();
    }
  }

  *#pastSpace(first: number): Steps<number> {
    if (!isSpace(first)) return first;
    this.#count();
    while (!this.#find((it) => !isSpace(it))) yield* this.#more();
    return yield* this.#next();
  }

  /** Reads what stands from `first` on, and the character that ended it. */
  *#until(ends: (it: number) => boolean, first: number): Steps<{ text: string; next: number }> {
    if (ends(first)) return { text: "", next: first };
    this.#count();
    let found = String.fromCharCode(first);
    for (let ended = false; !ended;) {
      const from = this.#at;
      ended = this.#find(ends);
      if (found.length <= MAX_TEXT_LENGTH) found += text(this.#chunk, from, this.#at).slice(0, MAX_TEXT_LENGTH);
      if (!ended) yield* this.#more();
    }
    return { text: found.length > MAX_TEXT_LENGTH ? TOO_LONG : found, next: yield* this.#next() };
  }

  *#next(): Steps<number> {
    while (this.#at === this.#end) yield* this.#more();
    return byte(this.#chunk, this.#at++);
  }

  *#more(): Steps<void> {
    if (this.#left === 0) throw new Unreadable("the root element is too far away");
    // What has been looked at is not kept while more is awaited.
    this.#chunk = NOTHING;
    const chunk = yield* this.#source.chunk();
    if (!chunk) throw new Unreadable("cut off");
    this.#chunk = chunk;
    this.#at = 0;
    this.#end = Math.min(chunk.length, this.#left);
    this.#left -= this.#end;
    this.#source.looked += this.#end;
  }

  /**
   * Goes on to the next character of that kind in this chunk, and returns whether there is one. This loop is hot, so it
   * is no generator.
   */
  #find(ends: (it: number) => boolean): boolean {
    let at = this.#at;
    while (at < this.#end && !ends(byte(this.#chunk, at))) at++;
    this.#at = at;
    return at < this.#end;
  }

  /**
   * Goes on to the end of `last` in this chunk, and returns how many of its characters have come then.
   *
   * @param before how many of them have come already
   */
  #match(last: string, before: number): number {
    let matched = before;
    while (matched < last.length && this.#at < this.#end) {
      const next = byte(this.#chunk, this.#at++);
      if (next === last.charCodeAt(matched)) matched++;
      else if (next !== last.charCodeAt(matched - 1)) matched = 0;
    }
    return matched;
  }

  #count(): void {
    if (--this.#tokens < 0) throw new Unreadable("too much before the root element's end");
  }
}
