/** What a scenario came to, over all its rounds. */
export interface Result {
  name: string;
  unit: "requests" | "megabytes";
  concurrency: number;
  /** Per second, the median of the rounds. */
  speed: number;
  ceiling: { name: string; speed: number } | undefined;
  /** Ours to the ceiling's, of medians taken in turns: it holds on a noisy machine, where speeds do not. */
  ratio: number | undefined;
  /** Milliseconds. */
  latency: { p50: number; p90: number; p99: number; max: number };
  unexpected: Record<string, number>;
}

export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

const speedOf = (speed: number, unit: Result["unit"]): string =>
  `${Math.round(speed)} ${unit === "requests" ? "/s" : "MB/s"}`;

/** A table in Markdown. */
export function table(results: Result[]): string {
  const rows = results.map((r) => [
    r.name,
    String(r.concurrency),
    speedOf(r.speed, r.unit),
    r.ceiling ? `${speedOf(r.ceiling.speed, r.unit)} (${r.ceiling.name})` : "",
    r.ratio === undefined ? "" : r.ratio.toFixed(2),
    ...[r.latency.p50, r.latency.p90, r.latency.p99, r.latency.max].map((ms) => ms.toFixed(ms < 10 ? 1 : 0)),
  ]);
  const head = ["scenario", "conn.", "ours", "ceiling", "ratio", "p50 ms", "p90", "p99", "max"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const escape = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

/** Throughput beside the ceiling's, and latency percentiles, one line a scenario. */
export function chart(results: Result[]): string {
  const [row, left, width] = [44, 190, 420];
  const most = Math.max(...results.map((r) => Math.max(r.ratio ?? 0, 1)));
  const slowest = Math.log10(Math.max(10, ...results.map((r) => r.latency.max)));
  const lines = results.map((r, i) => {
    const y = 50 + i * row;
    const share = (r.ratio ?? 0) / most;
    const x = (ms: number): number =>
      left + width + 60 + (Math.max(0, Math.log10(Math.max(ms, 0.1)) + 1) / (slowest + 1)) * 300;
    const bars = r.ceiling
      ? `<rect x="${left}" y="${y}" width="${width / most}" height="10" fill="#ccc"/><rect x="${left}" y="${y + 12}" width="${share * width}" height="10" fill="#2563eb"/>`
      : "";
    const marks = (
      [
        ["p50", "#16a34a"],
        ["p90", "#ca8a04"],
        ["p99", "#dc2626"],
      ] as const
    )
      .map(
        ([p, colour]) =>
          `<circle cx="${x(r.latency[p])}" cy="${y + 11}" r="4" fill="${colour}"><title>${p} ${r.latency[p].toFixed(1)} ms</title></circle>`,
      )
      .join("");
    const ratio =
      r.ratio === undefined ? speedOf(r.speed, r.unit) : `${speedOf(r.speed, r.unit)} · ${r.ratio.toFixed(2)}`;
    return `<text x="10" y="${y + 15}">${escape(r.name)}</text>${bars}<text x="${left + 4}" y="${y + 34}" font-size="10" fill="#555">${ratio}</text>${marks}`;
  });
  const height = 70 + results.length * row;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="${height}" font-family="sans-serif" font-size="13">
<rect width="1000" height="${height}" fill="white"/>
<text x="${left}" y="30">throughput: ours (blue) beside the ceiling (grey)</text><text x="${left + width + 60}" y="30">latency, log scale: p50, p90, p99</text>
${lines.join("\n")}
</svg>
`;
}
