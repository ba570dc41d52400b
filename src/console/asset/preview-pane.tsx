import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Asset, Strongroom } from "../../client/index.ts";
import { Button, bytes, Failure, Icon, type IconName, Progress } from "../ui/index.ts";
import { PLAYER_LINK_SECONDS, type Preview, previewOf, svgUrl, TEXT_BYTES, textOf, UNASKED_BYTES } from "./preview.ts";

/** What was fetched of a file. */
type Fetched = { readonly url: string } | { readonly text: string | undefined };

const ICONS: Record<Preview["shows"], IconName> = {
  image: "image",
  svg: "image",
  video: "video",
  audio: "audio",
  text: "text",
  nothing: "file",
};

/** Fetches what a preview shows. A `blob:` URL is the caller's to revoke. */
async function fetched(
  vault: Strongroom,
  asset: Asset,
  preview: Exclude<Preview, { shows: "nothing" }>,
  { mayLink, signal }: { mayLink: boolean; signal: AbortSignal },
): Promise<Fetched> {
  const { id, size } = asset;
  if (mayLink && (preview.shows === "video" || preview.shows === "audio"))
    return vault.assets.createLink(id, { expires_in: PLAYER_LINK_SECONDS }, { signal });
  const isCut = preview.shows === "text" && size > TEXT_BYTES;
  const range = isCut ? { range: { offset: 0, length: TEXT_BYTES } } : {};
  const body = await (await vault.assets.download(id, { ...range, signal })).arrayBuffer();
  if (preview.shows === "text") return { text: textOf(new Uint8Array(body), preview.charset) };
  if (preview.shows === "svg") return { url: svgUrl(new Uint8Array(body)) };
  return { url: URL.createObjectURL(new Blob([body], { type: preview.type })) };
}

/** Whether a file is fetched only when one asks for it. */
const isLarge = (preview: Preview, { size }: Asset, mayLink: boolean): boolean => {
  if (preview.shows === "text" || preview.shows === "nothing") return false;
  return size > UNASKED_BYTES && !(mayLink && (preview.shows === "video" || preview.shows === "audio"));
};

/** A file as it looks, sounds or reads, as far as that is safe. */
export function PreviewPane({ vault, asset, mayLink }: { vault: Strongroom; asset: Asset; mayLink: boolean }) {
  const preview = previewOf(asset);
  const [isWanted, setWanted] = useState(!isLarge(preview, asset, mayLink));
  const [shown, setShown] = useState<Fetched>();
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    if (preview.shows === "nothing" || !isWanted) return undefined;
    const controller = new AbortController();
    let url: string | undefined;
    const load = async (): Promise<void> => {
      try {
        const result = await fetched(vault, asset, preview, { mayLink, signal: controller.signal });
        if ("url" in result) ({ url } = result);
        // It came although nobody waits for it any more.
        if (controller.signal.aborted) release(url);
        else setShown(result);
      } catch (reason) {
        if (!controller.signal.aborted) setError(reason);
      }
    };
    void load();
    return () => {
      controller.abort();
      release(url);
    };
    // The file of an asset never changes.
  }, [asset.id, isWanted, attempt]);

  if (error !== undefined) {
    const again = (): void => {
      setError(undefined);
      setShown(undefined);
      setAttempt(attempt + 1);
    };
    return <Failure error={error} retry={again} />;
  }
  if (preview.shows === "nothing") return <None preview={preview} words={preview.because} />;
  if (!isWanted) {
    return (
      <None preview={preview} words={`A file of ${bytes(asset.size)}.`}>
        <Button onClick={() => setWanted(true)}>Show it</Button>
      </None>
    );
  }
  if (!shown) {
    return (
      <div class="preview-none">
        <Progress label="The file is on its way" />
      </div>
    );
  }
  if ("text" in shown) {
    if (shown.text !== undefined) return <Text asset={asset} text={shown.text} />;
    return <None preview={preview} words="Its type says text, but it does not read as text." />;
  }
  const unplayable = (): void => setError(new Error("This browser cannot show the file. It can be downloaded."));
  return <Media preview={preview} asset={asset} url={shown.url} onError={unplayable} />;
}

function None({ preview, words, children }: { preview: Preview; words: string; children?: ComponentChildren }) {
  return (
    <div class="preview-none">
      <Icon name={ICONS[preview.shows]} size={32} />
      <p>{words}</p>
      {children}
    </div>
  );
}

function Text({ asset: { filename, size }, text }: { asset: Asset; text: string }) {
  return (
    <div class="preview-text">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by the keyboard */}
      <pre tabindex={0} aria-label={`The text of ${filename}`}>
        {text}
      </pre>
      {size > TEXT_BYTES && (
        <p class="hint">
          The first {bytes(TEXT_BYTES)} of {bytes(size)}.
        </p>
      )}
    </div>
  );
}

function Media({ preview, asset, url, onError }: { preview: Preview; asset: Asset; url: string; onError: () => void }) {
  const { width, height } = asset;
  if (preview.shows === "video") {
    // oxlint-disable-next-line jsx-a11y/media-has-caption -- nobody has made captions for what is uploaded
    return <video class="preview-video" src={url} controls preload="metadata" onError={onError} />;
  }
  if (preview.shows === "audio") {
    // oxlint-disable-next-line jsx-a11y/media-has-caption -- the same
    return <audio class="preview-audio" src={url} controls preload="metadata" onError={onError} />;
  }
  const size = width !== null && height !== null ? { width, height } : {};
  return (
    <div class="preview-image">
      <img src={url} alt={altOf(asset)} {...size} onError={onError} />
    </div>
  );
}

function release(url: string | undefined): void {
  if (url?.startsWith("blob:")) URL.revokeObjectURL(url);
}

/** What an image shows, if its metadata says so. */
const altOf = ({ metadata, filename }: Asset): string =>
  typeof metadata["alt"] === "string" ? metadata["alt"] : filename;
