import { type BuildOptions, build, type Metafile, stop, transform } from "esbuild";

/** One file that is made of many. */
export interface Bundle {
  code: string;
  /** The packages of which something went into it, sorted. */
  packages: string[];
}

/** Makes one ES module of an entry and all that it imports. It can be read. */
export async function bundle(entry: string, options: BuildOptions): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    write: false,
    metafile: true,
    ...options,
  });
  // esbuild works in a process of its own, which would otherwise live as long as this one.
  await stop();
  const code = outputFiles?.[0]?.text;
  if (code === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  return { code, packages: packagesIn(metafile) };
}

/** The packages of which something went into what esbuild made, sorted. */
export function packagesIn(metafile: Metafile | undefined): string[] {
  const files = Object.values(metafile?.outputs ?? {}).flatMap(({ inputs }) => Object.entries(inputs));
  const packages = files
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([file]) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  return [...new Set(packages)].toSorted();
}

/** esbuild keeps comments on members of classes; without white space it keeps none, and it can put that back. */
export async function withoutComments(code: string): Promise<string> {
  const { code: bare } = await transform(code, { minifyWhitespace: true });
  const { code: readable } = await transform(bare);
  await stop();
  return readable;
}
