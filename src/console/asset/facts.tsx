import type { ComponentChildren } from "preact";
import type { StoredAsset } from "../../client/index.ts";
import { bytes, Copy, moment, number } from "../ui/index.ts";

/** What cannot be changed. */
export function Facts({ asset }: { asset: StoredAsset }) {
  const { width, height, created_at, updated_at } = asset;
  const facts: [string, ComponentChildren][] = [
    ["Type", asset.mime_type],
    ["Size", asset.size < 1000 ? bytes(asset.size) : `${bytes(asset.size)} (${number(asset.size)} bytes)`],
    ...(width === null ? [] : [["Pixels", `${width} × ${height}`] satisfies [string, string]]),
    ["Uploaded", moment(created_at)],
    ...(updated_at === created_at ? [] : [["Changed", moment(updated_at)] satisfies [string, string]]),
    [
      "Id",
      <span class="asset-id">
        <code>{asset.id}</code>
        <Copy text={asset.id} what="Copy the id" />
      </span>,
    ],
  ];
  return (
    <dl class="asset-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The record as the API answers it: metadata and tags are JSON in strings there. */
export function RecordJson({ asset }: { asset: StoredAsset }) {
  const { etag: _etag, durability: _durability, metadata, tags, ...rest } = asset;
  const { created_at, updated_at, ...first } = rest;
  const record = { ...first, metadata: JSON.stringify(metadata), tags: JSON.stringify(tags), created_at, updated_at };
  const text = JSON.stringify(record, null, 2);
  return (
    <details class="panel-section asset-record">
      <summary>Record as JSON</summary>
      <div class="asset-record-json">
        <Copy text={text} what="Copy the record" />
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by the keyboard */}
        <pre tabindex={0} aria-label="The record as JSON">
          {text}
        </pre>
      </div>
    </details>
  );
}
