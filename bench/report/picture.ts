import { meets, type Outcome, type Result } from "../result.ts";
import { FIGURES } from "../scenario.ts";
import { failures, type Report } from "./report.ts";
import { circle, group, line, page, path, rect, text } from "./svg.ts";
import { diamond, latencies, TIMES, type TimeScale, timeScale } from "./times.ts";
import { digits, goalText, speed } from "./table.ts";

/** All of these are pixels. */
const WIDTH = 1_180;
const MARGIN = 28;
const ROW = 46;
const BAR = 15;
/** Each scenario's bars are drawn on a scale on which the bar of its other side has the length 1. */
const BARS = { left: 310, unit: 285, most: 1.35 };
const RATIO = 765;

/**
 * Draws a run: figures beside their ceilings, goals as marks, latencies. It is one HTML file that needs nothing else.
 */
export function picture(report: Report): string {
  const { results, notes, verdict } = report;
  const time = timeScale(results);
  const shapes = [
    text(MARGIN, 46, "Strongroom under load", "title"),
    text(MARGIN, 70, `${report.machine} · ${report.place} · ${report.date}`, "soft"),
    text(
      MARGIN,
      89,
      Object.entries(report.flags)
        .map(([name, value]) => `--${name} ${value}`)
        .join("  "),
      "soft",
    ),
    ...legend(),
  ];
  let y = 150;
  for (const [name, members] of Map.groupBy(results, (result) => result.group)) {
    const height = members.length * ROW;
    const less = members.every(({ figure }) => FIGURES[figure].less);
    shapes.push(group(y, name, ...heading(less ? `${name} (less is better)` : name, height, time)));
    y += 34;
    for (const result of members) {
      shapes.push(group(y, tip(result), ...row(result, time)));
      y += ROW;
    }
    y += 28;
  }
  const wrong = failures(report).map((failure) => text(0, 0, failure, "bad"));
  const read = `${verdict.checked} acknowledged writes were read back; ${verdict.faults.length} were wrong.`;
  for (const each of [...wrong, ...[...notes, read].map((note) => text(0, 0, note, "soft"))]) {
    shapes.push(`<g transform="translate(${MARGIN} ${y})">${each}</g>`);
    y += 20;
  }
  return page("Strongroom under load", WIDTH, y + 16, shapes);
}

function legend(): string[] {
  const y = 118;
  return [
    rect(BARS.left, y - 10, 22, 11, "ours"),
    text(BARS.left + 28, y, "ours", "small"),
    rect(BARS.left + 70, y - 10, 22, 11, "other"),
    text(BARS.left + 98, y, "the ceiling, or what it is compared with", "small"),
    ...goalMark(BARS.left + 336, y - 12, 14),
    text(BARS.left + 344, y, "goal", "small"),
    text(RATIO, y, "ratio", "small", "middle"),
    circle(TIMES.left + 4, y - 4, 4.5, "ours"),
    text(TIMES.left + 14, y, "p50", "small"),
    circle(TIMES.left + 54, y - 4, 3, "ours"),
    text(TIMES.left + 62, y, "p90", "small"),
    ...diamond(TIMES.left + 102, y - 4, "ours"),
    text(TIMES.left + 112, y, "p99", "small"),
    line(TIMES.left + 152, y - 9, TIMES.left + 152, y + 1, "span-ours"),
    text(TIMES.left + 160, y, "slowest, of each side", "small"),
  ];
}

/** A group's name, and the scales of its rows. */
function heading(name: string, height: number, time: TimeScale): string[] {
  const shapes = [line(MARGIN, 6, WIDTH - MARGIN, 6, "line"), text(MARGIN, 0, name, "group")];
  for (const share of [0, 0.5, 1]) {
    const x = BARS.left + share * BARS.unit;
    shapes.push(line(x, 26, x, 30 + height, "line"), text(x, 20, String(share), "soft small", "middle"));
  }
  for (const ms of time.ticks) {
    shapes.push(line(time.x(ms), 26, time.x(ms), 30 + height, "line"));
    shapes.push(text(time.x(ms), 20, ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`, "soft small", "middle"));
  }
  return shapes;
}

function row(result: Result, time: TimeScale): string[] {
  const { name, connections, figure, ours, other, ratio } = result;
  const shapes = [
    text(MARGIN, 18, name),
    text(MARGIN, 34, connections === 1 ? "1 connection" : `${connections} connections`, "soft small"),
  ];
  if (result.failures.length > 0) return [...shapes, text(BARS.left + 8, 24, "failed", "ratio bad")];
  if (!other || ratio === undefined) {
    return [
      ...shapes,
      text(BARS.left + 8, 17, speed(ours.value, figure), "small"),
      ...latencies(ours, 13, "ours", time),
    ];
  }
  const shown = Math.min(ratio, BARS.most);
  const inside = shown > 0.4;
  shapes.push(
    rect(BARS.left, 5, shown * BARS.unit, BAR, "ours"),
    text(
      BARS.left + (inside ? 8 : shown * BARS.unit + 6),
      16.5,
      speed(ours.value, figure),
      `small ${inside ? "on-ours" : ""}`,
    ),
    rect(BARS.left, 23, BARS.unit, BAR, "other"),
    text(BARS.left + 8, 34.5, `${speed(other.value, figure)} · ${other.name}`, "small"),
    ...latencies(other, 30.5, "other", time),
    ...latencies(ours, 12.5, "ours", time),
  );
  // The mark of a bar that goes on beyond the picture.
  if (ratio > BARS.most) shapes.push(text(BARS.left + BARS.most * BARS.unit + 6, 17, "▸", "small"));
  const met = meets(result);
  const verdict = met === undefined ? "" : met ? "good" : "bad";
  shapes.push(text(RATIO, result.goal === undefined ? 27 : 20, ratio.toFixed(2), `ratio ${verdict}`, "middle"));
  if (result.goal !== undefined) {
    shapes.push(...goalMark(BARS.left + result.goal * BARS.unit, 0, 22));
    shapes.push(text(RATIO, 36, `${goalText(result)} ${met ? "✓" : "✗"}`, `small ${verdict}`, "middle"));
  }
  return shapes;
}

/** A line across our bar, with a head that shows that it is no part of the scale. */
const goalMark = (x: number, y: number, height: number): string[] => [
  path(`M${(x - 4).toFixed(1)} ${y}h8l-3 5v${height - 5}h-2v${5 - height}z`, "goal"),
];

/** What is shown when the pointer rests on a row: all its figures. */
function tip({ name, figure, ours, other, failures: wrong }: Result): string {
  if (wrong.length > 0) return `${name}: ${wrong.join("; ")}`;
  const side = (who: string, { value, latency, requests }: Outcome): string =>
    `${who}: ${speed(value, figure)}, ${requests} requests; ms: ${Object.entries(latency)
      .map(([at, ms]) => `${at} ${digits(ms)}`)
      .join(", ")}`;
  const better = FIGURES[figure].less ? "less is better" : "more is better";
  return [`${name} (${better})`, side("ours", ours), ...(other ? [side(other.name, other)] : [])].join("\n");
}
