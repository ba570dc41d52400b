/** Media types as people name them, and times that can be read. */

import { essenceOf } from "../../model/essence.ts";
import type { IconName } from "./icon.tsx";

/** Those whose subtype is not what they are called. */
const NAMES: Readonly<Record<string, string>> = {
  "application/javascript": "JavaScript",
  "application/msword": "Word",
  "application/octet-stream": "Data",
  "application/vnd.ms-excel": "Excel",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
  "audio/mpeg": "MP3",
  "image/vnd.microsoft.icon": "Icon",
  "text/javascript": "JavaScript",
  "text/markdown": "Markdown",
  "text/plain": "Text",
  "video/quicktime": "QuickTime",
};

/** `PNG`, `Text`, `WebM` */
export function typeName(type: string): string {
  const plain = essenceOf(type);
  const subtype = (plain.split("/")[1] ?? "").replace(/^x-|^vnd\.|\+.*$/g, "");
  return NAMES[plain] ?? (subtype.length > 0 && subtype.length <= 8 ? subtype.toUpperCase() : plain || "Data");
}

/** What a file of a type is shown by. */
export function typeIcon(type: string): IconName {
  const plain = essenceOf(type);
  const [kind, subtype = ""] = plain.split("/");
  if (kind === "image" || kind === "video" || kind === "audio") return kind;
  if (plain === "application/pdf") return "pdf";
  if (/zip|tar|compressed|rar/.test(subtype)) return "archive";
  if (/json|xml|javascript|html|css|typescript/.test(subtype)) return "code";
  return kind === "text" ? "text" : "file";
}

/** The types that one can choose to see alone. */
export const TYPE_CHOICES: readonly (readonly [type: string, name: string])[] = [
  ["image/*", "Images"],
  ["video/*", "Videos"],
  ["audio/*", "Audio"],
  ["text/*", "Text"],
  ["application/pdf", "PDF"],
  ["application/json", "JSON"],
  ["application/zip", "ZIP"],
];

/** A type that is looked for, as a person says it. */
export const choiceName = (type: string): string => TYPE_CHOICES.find(([each]) => each === type)?.[1] ?? type;

/** Whether a text says a time: what stands in an address may be anything. */
export const isTime = (time: string): boolean => !Number.isNaN(Date.parse(time));
