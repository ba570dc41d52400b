import { isDeepStrictEqual } from "node:util";
import { IgnoredNames } from "../http/ignored.ts";
import { parse } from "../api/parse.ts";
import { PathComponent } from "../api/schemas.ts";
import { type AssetPath, PATH_COMPONENTS } from "../model/asset.ts";
import { checkFilename, lastSegment } from "../model/filename.ts";
import { parseJsonField, serializeMetadata, serializeTags } from "../model/metadata.ts";
import { invalid, must, refuse, Refused, type Result } from "../model/refusal.ts";
import type { FixedFields } from "../model/ticket.ts";

type PathField = (typeof PATH_COMPONENTS)[number];

const isPathField = (name: string): name is PathField => (PATH_COMPONENTS as readonly string[]).includes(name);

/**
 * The text fields of an upload, checked one by one as they arrive, in whatever order. A field that breaks its rule is
 * thrown as Refused.
 */
export class UploadFields {
  readonly #path: Partial<Record<PathField, string>>;
  readonly #seen = new Set<string>();
  /** The field `filename`, which overrides the name that the file came with. */
  #filename: string | undefined;
  readonly ignored = new IgnoredNames();
  readonly #fixed: Partial<FixedFields>;
  metadata: string;
  tags: string;

  /** @param fixed what a ticket says already. The same may be said again, and nothing else */
  constructor(fixed: Partial<FixedFields> = {}) {
    this.#fixed = fixed;
    const { filename, metadata = "{}", tags = "[]" } = fixed;
    this.#path = Object.fromEntries(PATH_COMPONENTS.map((name) => [name, fixed[name]]));
    this.#filename = filename;
    this.metadata = metadata;
    this.tags = tags;
  }

  /** Takes a field. One with an unknown name is only noted. An empty optional field counts as absent. */
  set(name: string, value: string): void {
    if (name === "file") throw new Refused(invalid("file: must be sent as a file, with a filename, not as text"));
    const known = isPathField(name) || name === "filename" || name === "metadata" || name === "tags";
    if (!known) {
      this.ignored.add(name);
      return;
    }
    if (this.#seen.has(name)) throw new Refused(invalid(`${name}: must be given only once`));
    this.#seen.add(name);
    if (isPathField(name)) {
      const checked = parse(PathComponent, value);
      if (!checked.ok) throw new Refused(invalid(`${name}: ${checked.message}`));
      this.#path[name] = this.#allowed(name, checked.value);
    } else if (value !== "") {
      if (name === "filename") this.#filename = this.#allowed(name, must(checkFilename(value)).filename);
      else if (name === "metadata")
        this.metadata = this.#allowed(name, must(parseJsonField(name, value, serializeMetadata)).json);
      else this.tags = this.#allowed(name, must(parseJsonField(name, value, serializeTags)).json);
    }
  }

  /** Throws Refused when a ticket has fixed the field to another value. */
  #allowed(name: keyof FixedFields, value: string): string {
    const fixed = this.#fixed[name];
    if (fixed === undefined || fixed === value) return value;
    // The order in which a client writes the names of its metadata says nothing.
    if (name === "metadata" && isDeepStrictEqual(JSON.parse(fixed), JSON.parse(value))) return fixed;
    throw new Refused(refuse("FORBIDDEN", `${name}: the ticket says what it is, which cannot be changed`));
  }

  /** Metadata and tags as the vault stores them: JSON text. */
  get json(): { metadata: string; tags: string } {
    return { metadata: this.metadata, tags: this.tags };
  }

  /** The required path fields that have not come yet. */
  get missing(): string[] {
    return PATH_COMPONENTS.filter((name) => this.#path[name] === undefined);
  }

  /** Whether a filename was given beside whatever name the file came with. */
  get hasFilename(): boolean {
    return this.#filename !== undefined;
  }

  /**
   * Where the asset goes, as far as is known. Undefined while a part of the path is missing, or while the name that the
   * file came with (perhaps a whole path) is not valid: a `filename` may still override it.
   */
  path(sentName: string | undefined): AssetPath | undefined {
    const { partition, collection, channel } = this.#path;
    const name = this.#name(sentName);
    if (partition === undefined || collection === undefined || channel === undefined || !name?.ok) return undefined;
    return { partition, collection, channel, filename: name.filename };
  }

  /**
   * Where the asset goes, when everything has come. Throws Refused when the path is not complete or the name is not
   * valid.
   */
  finalPath(sentName: string): AssetPath {
    must(this.#name(sentName) ?? { ok: true });
    const path = this.path(sentName);
    if (!path) throw new Refused(invalid(`missing required fields: ${this.missing.join(", ")}`));
    return path;
  }

  #name(sentName: string | undefined): Result<{ filename: string }> | undefined {
    if (this.#filename !== undefined) return { ok: true, filename: this.#filename };
    return sentName === undefined ? undefined : checkFilename(lastSegment(sentName));
  }
}
