/** Refusals of what a form sent: the API says them of fields by its own names, and whoever filled the form in knows labels. */

import { StrongroomError } from "../../client/index.ts";

/** What forms call the fields of a key and of an asset. */
const LABELS: ReadonlyMap<string, string> = new Map([
  ["name", "Name"],
  ["label", "Label"],
  ["scope", "Folder"],
  ["expires_at", "Expires"],
  ["filename", "Name"],
  ["partition", "Partition"],
  ["collection", "Collection"],
  ["channel", "Channel"],
  ["tags", "Tags"],
  ["add_tags", "Tags"],
  ["remove_tags", "Tags"],
  ["metadata", "Metadata"],
]);

/** A field at the front of a message, and what is in it: of a batch, whose operation it is does not matter. */
const FIELD = /^(?:operations(?:\.\d+|\[\d+\])\.)?(\w+)(?:[.[]([^:]+?)\]?)?: (.+)$/s;

/** A refusal's message with the label of the field that it begins with. */
export function labelled(message: string, labels = LABELS): string {
  const [, field = "", inside, rule] = FIELD.exec(message) ?? [];
  const label = labels.get(field);
  if (label === undefined) return message;
  // Each key of the metadata is a field of its own. What is in any other field has no label.
  return `${label}${field === "metadata" && inside !== undefined ? ` “${inside}”` : ""}: ${rule}`;
}

/** The same for whatever a call failed with. */
export const inLabels = (error: unknown, labels = LABELS): unknown =>
  error instanceof StrongroomError && error.code === "INVALID_PARAMS"
    ? new StrongroomError(labelled(error.message, labels), error)
    : error;

/** What a narrowed key is told, whose 404 is the same for what is gone and for a place that it does not reach. */
export const OUT_OF_REACH = "This key moves nothing out of its folder.";
