/** The folder that a key is narrowed to: what it is, how it is stored, and what lies in it. */

import { type AssetFilter, type FolderPath, PATH_COMPONENT, PATH_COMPONENTS } from "./asset.ts";
import { refuse, type Refusal } from "./refusal.ts";

/** A partition, a collection of it, or a channel of that. A channel needs its collection. */
export interface KeyScope {
  readonly partition: string;
  readonly collection?: string;
  readonly channel?: string;
}

/** The components that a scope names, in their order. */
export const componentsOf = (scope: KeyScope): string[] =>
  PATH_COMPONENTS.flatMap((component) => scope[component] ?? []);

/** A scope as one path: `partition`, `partition/collection` or `partition/collection/channel`. */
export const scopePath = (scope: KeyScope): string => componentsOf(scope).join("/");

/** The same of what may be no scope. Undefined then. It is what binds a cursor to a scope. */
export const scopeName = (scope: KeyScope | undefined): string | undefined => scope && scopePath(scope);

/** A scope as a key's row has it. The order of its members is always the same, so that texts can be compared. */
export function encodeScope(scope: KeyScope | null): string | null {
  if (!scope) return null;
  const { partition, collection, channel } = scope;
  return JSON.stringify({ partition, collection, channel });
}

/**
 * The scope in a key's row. Null for a key of the whole vault. Undefined when the text says nothing that is understood:
 * then nobody knows what the key may reach, and it must be refused.
 */
export function decodeScope(text: string | null): KeyScope | null | undefined {
  if (text === null) return null;
  let scope: unknown;
  try {
    scope = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof scope !== "object" || scope === null) return undefined;
  const { partition, collection, channel, ...rest } = scope as Record<string, unknown>;
  const isRest = Object.keys(rest).length > 0 || (channel !== undefined && collection === undefined);
  if (isRest || !isComponent(partition)) return undefined;
  if (collection === undefined) return { partition };
  if (!isComponent(collection)) return undefined;
  if (channel === undefined) return { partition, collection };
  return isComponent(channel) ? { partition, collection, channel } : undefined;
}

const isComponent = (value: unknown): value is string => typeof value === "string" && PATH_COMPONENT.test(value);

/** Whether a path lies in a scope. Everything does where there is none. */
export const isWithin = (scope: KeyScope | undefined, path: Readonly<FolderPath>): boolean =>
  scope === undefined ||
  PATH_COMPONENTS.every((component) => scope[component] === undefined || scope[component] === path[component]);

/** A filter that is narrowed to a scope as well. Undefined when no path can match both. */
export function narrowed<F extends AssetFilter>(filter: F, scope: KeyScope | undefined): F | undefined {
  if (scope === undefined) return filter;
  const isContradiction = PATH_COMPONENTS.some(
    (component) =>
      filter[component] !== undefined && scope[component] !== undefined && filter[component] !== scope[component],
  );
  return isContradiction ? undefined : { ...filter, ...scope };
}

/** The refusal of an upload to a path that its key does not reach. */
export const outOfReach = (): Refusal =>
  refuse("NOT_FOUND", "partition, collection, channel: this key does not reach this path");
