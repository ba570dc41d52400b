import { IgnoredNames } from "../http/ignored.ts";
import { parse, PathComponent } from "../api/schemas.ts";
import { type AssetPath, PATH_COMPONENTS } from "../model/asset.ts";
import { checkFilename, lastSegment } from "../model/filename.ts";
import { parseJsonField, serializeMetadata, serializeTags } from "../model/metadata.ts";
import { invalid, must, Refused, type Result } from "../model/refusal.ts";

type PathField = (typeof PATH_COMPONENTS)[number];

const isPathField = (name: string): name is PathField => (PATH_COMPONENTS as readonly string[]).includes(name);

/** The seed's text fields, checked one by one as they arrive, in whatever order. Everything throws Refused. */
export class UploadFields {
  readonly #path: Partial<Record<PathField, string>> = {};
  readonly #seen = new Set<string>();
  /** Overrides the name that the file came with. */
  #filename: string | undefined;
  readonly ignored = new IgnoredNames();
  metadata = "{}";
  tags = "[]";

  /** Takes a field; unknown ones are only noted. An empty optional field counts as absent. */
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
      this.#path[name] = checked.value;
    } else if (value !== "") {
      if (name === "filename") this.#filename = must(checkFilename(value)).filename;
      else if (name === "metadata") this.metadata = must(parseJsonField(name, value, serializeMetadata)).json;
      else this.tags = must(parseJsonField(name, value, serializeTags)).json;
    }
  }

  /** Required path fields that have not come yet. */
  get missing(): string[] {
    return PATH_COMPONENTS.filter((name) => this.#path[name] === undefined);
  }

  /** Whether a filename was given beside whatever name the file came with. */
  get hasFilename(): boolean {
    return this.#filename !== undefined;
  }

  /**
   * Where the asset goes, as far as is known: undefined while a part of it is missing, or while the name that the file
   * came with (perhaps a whole path) is none that we take: an override may follow.
   */
  path(sentName: string | undefined): AssetPath | undefined {
    const { partition, collection, channel } = this.#path;
    const name = this.#name(sentName);
    if (partition === undefined || collection === undefined || channel === undefined || !name?.ok) return undefined;
    return { partition, collection, channel, filename: name.filename };
  }

  /** The same when everything has come. Throws Refused when it is not complete. */
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
