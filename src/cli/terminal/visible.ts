/**
 * What a terminal would act upon instead of showing it: control characters, and what changes the direction or the order in
 * which the rest is read. The two joiners stay, for emoji and some scripts are written with them.
 */
const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;

/** Text of somebody else's on one line, as a person may be shown it: what would not be seen is written as an escape. */
export const visible = (text: string): string => text.replace(UNSEEN, escaped);

/** JSON on one line. What JSON itself does not escape and a terminal would obey is escaped too: it means the same. */
export const visibleJson = (value: unknown): string => JSON.stringify(value).replace(UNSEEN, escaped);

/** As in JSON: `\u001b`. A character beyond U+FFFF is two of them. */
const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
