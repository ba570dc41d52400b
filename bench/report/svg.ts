/** The shapes of an SVG, as text, and the page around them. */

/** The colours and the type of the picture, light or dark as the reader's system is. */
export const STYLE = `
  :root { color-scheme: light dark; --page: #ffffff; --ink: #0f172a; --soft: #64748b; --line: #e2e8f0; --ours: #2563eb; --other: #cbd5e1; --faint: #94a3b8;
          --on-ours: #ffffff; --good: #15803d; --bad: #b91c1c; --goal: #0f172a; }
  @media (prefers-color-scheme: dark) {
    :root { --page: #0b1220; --ink: #e2e8f0; --soft: #94a3b8; --line: #1e293b; --ours: #3b82f6; --other: #475569; --faint: #64748b; --on-ours: #ffffff;
            --good: #4ade80; --bad: #f87171; --goal: #f8fafc; }
  }
  body { margin: 0; background: var(--page); }
  svg { display: block; margin: 0 auto; max-width: 100%; height: auto; font: 13px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
  text { fill: var(--ink); }
  .title { font-size: 24px; font-weight: 700; } .group { font-size: 15px; font-weight: 700; } .ratio { font-size: 16px; font-weight: 700; }
  .soft { fill: var(--soft); } .small { font-size: 11px; } .on-ours { fill: var(--on-ours); }
  .ours { fill: var(--ours); } .other { fill: var(--other); } .good { fill: var(--good); } .bad { fill: var(--bad); } .goal { fill: var(--goal); }
  .line { stroke: var(--line); } .span-ours { stroke: var(--ours); stroke-width: 2; } .span-other { stroke: var(--faint); stroke-width: 2; } .mark-ours { fill: var(--ours); } .mark-other { fill: var(--faint); }
`;

const escape = (value: string): string => value.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** @param style classes of {@link STYLE} */
export const text = (
  x: number,
  y: number,
  value: string,
  style = "",
  anchor: "start" | "middle" | "end" = "start",
): string => `<text x="${round(x)}" y="${round(y)}" class="${style}" text-anchor="${anchor}">${escape(value)}</text>`;

export const rect = (x: number, y: number, width: number, height: number, style: string): string =>
  `<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(1, width))}" height="${height}" rx="2" class="${style}"/>`;

export const line = (x1: number, y1: number, x2: number, y2: number, style: string): string =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" class="${style}"/>`;

export const circle = (x: number, y: number, radius: number, style: string): string =>
  `<circle cx="${round(x)}" cy="${round(y)}" r="${radius}" class="${style}"/>`;

export const path = (d: string, style: string): string => `<path d="${d}" class="${style}"/>`;

/** Several shapes as one, with what is shown when the pointer rests on it. */
export const group = (y: number, tip: string, ...shapes: string[]): string =>
  `<g transform="translate(0 ${round(y)})"><title>${escape(tip)}</title>${shapes.join("")}</g>`;

/** The picture as a page of its own. */
export const page = (
  title: string,
  width: number,
  height: number,
  shapes: readonly string[],
): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>${STYLE}</style>
<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escape(title)}</title>
${shapes.join("\n")}
</svg>
</html>
`;

const round = (pixels: number): number => Math.round(pixels * 10) / 10;
