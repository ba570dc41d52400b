import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Runs files that wait beside files that work. Vitest runs one project after the other, and what runs in workerd waits for
 * timers most of the time, while servers, browsers and commands want all cores: apart, the one idles and the other stalls.
 */
export class MixedSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- the method of a sequencer
    const sorted = await super.sort(files);
    const isWaiting = ({ project }: TestSpecification): boolean => project.name === "worker";
    const kinds = [sorted.filter(isWaiting), sorted.filter((file) => !isWaiting(file))];
    // A file's place among those of its kind, as a share of them.
    const places = new Map(kinds.flatMap((kind) => kind.map((file, at) => [file, (at + 0.5) / kind.length] as const)));
    return sorted.toSorted((one, other) => (places.get(one) ?? 0) - (places.get(other) ?? 0));
  }
}
