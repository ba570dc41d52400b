import { useEffect, useState } from "preact/hooks";
import type { Asset, Link, Strongroom } from "../../client/index.ts";
import { Button, Copy, Failure, Field, moment, TextField, useAttempt } from "../ui/index.ts";
import { session } from "../session.ts";
import { deliveryToken, keepToken, makeToken, objection, scopesOf } from "./delivery.ts";

const HOUR = 60 * 60;

const EXPIRIES = [
  [5 * 60, "5 minutes"],
  [HOUR, "1 hour"],
  [24 * HOUR, "1 day"],
  [7 * 24 * HOUR, "7 days"],
] as const;

/** A URL to copy. */
function Url({ label, url, hint }: { label: string; url: string; hint?: string }) {
  return (
    <Field label={label} hint={hint}>
      {(control) => (
        <div class="copy-url">
          <input
            class="input mono"
            readOnly
            value={url}
            onFocus={(event) => event.currentTarget.select()}
            {...control}
          />
          <Copy text={url} what={`Copy: ${label}`} />
        </div>
      )}
    </Field>
  );
}

/** What lets others open the file: a link for a time, and the URLs of a delivery key. */
export function Sharing({ vault, asset, mayWrite }: { vault: Strongroom; asset: Asset; mayWrite: boolean }) {
  return (
    <section class="panel-section" aria-label="Share">
      <header>
        <h3>Share</h3>
      </header>
      {mayWrite && <SignedLink vault={vault} asset={asset} />}
      <Delivery vault={vault} asset={asset} />
    </section>
  );
}

function SignedLink({ vault, asset }: { vault: Strongroom; asset: Asset }) {
  const [seconds, setSeconds] = useState<number>(HOUR);
  const [isDownload, setDownload] = useState(false);
  const [link, setLink] = useState<Link>();
  const { isBusy, error, attempt } = useAttempt();
  const disposition = isDownload ? "attachment" : "inline";
  const make = (): Promise<void> =>
    attempt(async () => setLink(await vault.assets.createLink(asset.id, { expires_in: seconds, disposition })));
  return (
    <div class="sharing">
      <div class="sharing-line">
        <Field label="A link that is good for">
          {(control) => (
            <select
              class="input"
              value={seconds}
              onChange={(event) => setSeconds(Number(event.currentTarget.value))}
              {...control}
            >
              {EXPIRIES.map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Check label="Downloads the file" isOn={isDownload} onChange={setDownload} />
        <Button icon="link" busy={isBusy} onClick={() => void make()}>
          Make a link
        </Button>
      </div>
      {error !== undefined && <Failure error={error} />}
      {link && <Url label="Link" url={link.url} hint={`Opens for whoever has it, until ${moment(link.expires_at)}.`} />}
    </div>
  );
}

function Check({ label, isOn, onChange }: { label: string; isOn: boolean; onChange: (isOn: boolean) => void }) {
  return (
    <label class="asset-check">
      <input type="checkbox" checked={isOn} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  );
}

function Delivery({ vault, asset }: { vault: Strongroom; asset: Asset }) {
  const token = deliveryToken.value;
  if (token === undefined) return <NoToken vault={vault} asset={asset} />;
  const { id, partition, collection, channel } = asset;
  const checked = [token, id, partition, collection, channel].join("/");
  return <WithToken key={checked} vault={vault} asset={asset} token={token} />;
}

/** The URLs by a key, once it opens this file: it may be for another folder, and may have ended since it was made. */
function WithToken({ vault, asset, token }: { vault: Strongroom; asset: Asset; token: string }) {
  const [isDownload, setDownload] = useState(false);
  const [found, setFound] = useState<{ readonly reason: string | undefined }>();
  const { error, attempt } = useAttempt();
  const look = (): Promise<void> => attempt(async () => setFound({ reason: await objection(vault, token, asset) }));
  useEffect(() => {
    void look();
    // It may have been revoked while nobody looked.
    const lookAgain = (): void => void (document.hidden || look());
    document.addEventListener("visibilitychange", lookAgain);
    return () => document.removeEventListener("visibilitychange", lookAgain);
  }, []);
  const name = <code>{`dk_…${token.slice(-4)}`}</code>;
  if (found?.reason !== undefined) {
    return (
      <div class="sharing">
        <p>
          <strong>No URLs with the key</strong> {name}: {found.reason}
        </p>
        <NoToken vault={vault} asset={asset} />
      </div>
    );
  }
  const options = isDownload ? { token, download: true } : { token };
  return (
    <div class="sharing">
      <div class="sharing-line">
        <p>
          <strong>Delivery URLs</strong> with the key {name}
        </p>
        <Check label="Downloads the file" isOn={isDownload} onChange={setDownload} />
        <Button kind="quiet" small onClick={() => keepToken(undefined)}>
          Use another key
        </Button>
      </div>
      {error !== undefined && <Failure error={error} retry={() => void look()} />}
      {found && (
        <>
          <Url label="URL of this file" url={vault.assets.url(asset, options)} />
          <Url
            label="URL of its path and name"
            url={vault.assets.url(asset, { ...options, by: "path" })}
            hint="Opens whatever is the newest file there."
          />
        </>
      )}
    </div>
  );
}

/** Asks for a delivery key, or makes one. */
function NoToken({ vault, asset }: { vault: Strongroom; asset: Asset }) {
  const current = session.value;
  const mayMake = current?.kind === "key" && current.manages;
  const scopes = scopesOf(asset);
  const [scope, setScope] = useState(2);
  const [pasted, setPasted] = useState("");
  const [wrong, setWrong] = useState<string>();
  const { isBusy, error, attempt } = useAttempt();
  const paste = (): Promise<void> =>
    attempt(async () => {
      setWrong(undefined);
      const text = pasted.trim();
      const reason = await objection(vault, text, asset);
      setWrong(reason);
      if (reason === undefined) keepToken(text);
    });
  const make = (): Promise<void> =>
    attempt(async () => {
      setWrong(undefined);
      keepToken(await makeToken(vault, scopes[scope]?.[1] ?? null));
    });
  return (
    <div class="sharing">
      <p>
        <strong>Delivery URLs</strong> show a file in any page for as long as their key lives. Whoever sees such a URL
        has its key, which opens files and nothing else.
      </p>
      {mayMake && (
        <div class="sharing-line">
          <Field label="A new delivery key for">
            {(control) => (
              <select
                class="input"
                value={scope}
                onChange={(event) => setScope(Number(event.currentTarget.value))}
                {...control}
              >
                {scopes.map(([name], at) => (
                  <option key={name} value={at}>
                    {name}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Button icon="key" busy={isBusy} onClick={() => void make()}>
            Make a key
          </Button>
        </div>
      )}
      <form
        class="sharing-line"
        onSubmit={(event) => {
          event.preventDefault();
          void paste();
        }}
      >
        <TextField
          label={mayMake ? "Or one that you have" : "A delivery key"}
          placeholder="dk_…"
          value={pasted}
          error={wrong}
          onInput={(event) => setPasted(event.currentTarget.value)}
        />
        <Button type="submit" busy={isBusy} disabled={pasted.trim() === ""}>
          Use it
        </Button>
      </form>
      {error !== undefined && <Failure error={error} />}
    </div>
  );
}
