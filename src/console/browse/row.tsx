import { useEffect, useState } from "preact/hooks";
import type { Asset } from "../../client/index.ts";
import { type BrowseRoute, go, href } from "../route.ts";
import { ago, bytes, moment, visible } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { typeIcon, typeName } from "../ui/kinds.ts";
import { fetchThumb, hasThumb, hold, thumbOf } from "./thumbs.ts";
import { openVault } from "./vault.ts";

/** How long a row stays in view before its picture is fetched: whoever scrolls by fetches none. Milliseconds. */
const SEEN_MS = 80;

/** Tags that are shown of each asset. */
const SHOWN_TAGS = 3;

export interface RowProps {
  asset: Asset;
  to: BrowseRoute;
  /** From 1, the head's row counted. */
  rowIndex: number;
  isVisible: boolean;
  isActive: boolean;
  isSelected: boolean;
  isFresh: boolean;
  canSelect: boolean;
  onOpen: (asset: Asset) => void;
  onSelect: (asset: Asset, event: MouseEvent) => void;
  onActive: (asset: Asset) => void;
}

export function Row(props: RowProps) {
  const { asset, to, rowIndex, isVisible, isActive, isSelected, isFresh, canSelect } = props;
  const isOpen = to.query.asset === asset.id;
  const name = visible(asset.filename);
  const classes = ["row", isSelected && "selected", isFresh && "fresh", isOpen && "opened"].filter(Boolean);
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the link in it takes the keys
    <tr
      class={classes.join(" ")}
      aria-rowindex={rowIndex}
      aria-selected={canSelect ? isSelected : undefined}
      onClick={(event) => {
        if (event.target instanceof Element && event.target.closest("a, button, input")) return;
        if (canSelect && (event.shiftKey || event.ctrlKey || event.metaKey)) props.onSelect(asset, event);
        else props.onOpen(asset);
      }}
    >
      {canSelect && (
        <td class="c-select">
          <label class="hit">
            <input
              type="checkbox"
              tabindex={-1}
              checked={isSelected}
              aria-label={`Select ${name}`}
              onClick={(event) => props.onSelect(asset, event)}
            />
          </label>
        </td>
      )}
      <td class="c-thumb">
        <Thumb asset={asset} isVisible={isVisible} />
      </td>
      <td class="c-name">
        <a
          href={href({ ...to, query: { ...to.query, asset: asset.id } })}
          data-id={asset.id}
          tabindex={isActive ? 0 : -1}
          title={name}
          onFocus={() => props.onActive(asset)}
        >
          {name}
        </a>
        <Place asset={asset} to={to} />
      </td>
      <td class="c-size numbers">{bytes(asset.size)}</td>
      <td class="c-type" title={asset.mime_type}>
        {typeName(asset.mime_type)}
      </td>
      <td class="c-tags">
        <Tags tags={asset.tags} to={to} />
      </td>
      <td class="c-date">
        <time datetime={asset.created_at} title={moment(asset.created_at)}>
          {ago(asset.created_at)}
        </time>
      </td>
    </tr>
  );
}

/** Below the name: where it is, below the folder that one is in. A phone shows size and date there, too. */
function Place({ asset, to }: { asset: Asset; to: BrowseRoute }) {
  const below = (["partition", "collection", "channel"] as const)
    .flatMap((level) => (to.path[level] === undefined ? asset[level] : []))
    .join(" / ");
  return (
    <span class={below ? "place" : "place only-phone"}>
      <span class="only-phone">
        {bytes(asset.size)} · {ago(asset.created_at)}
        {below && " · "}
      </span>
      {below && <span class="below">{below}</span>}
    </span>
  );
}

function Tags({ tags, to }: { tags: readonly string[]; to: BrowseRoute }) {
  const rest = tags.slice(SHOWN_TAGS);
  return (
    <span class="tags">
      {tags.slice(0, SHOWN_TAGS).map((tag) => (
        <button
          key={tag}
          type="button"
          class="tag"
          tabindex={-1}
          title={`Show files with the tag ${tag}`}
          onClick={() => go({ ...to, query: { ...to.query, tag: [...new Set([...to.query.tag, tag])] } })}
        >
          {tag}
        </button>
      ))}
      {rest.length > 0 && (
        <span class="tag-rest" title={rest.join(", ")}>
          +{rest.length}
        </span>
      )}
    </span>
  );
}

function Thumb({ asset, isVisible }: { asset: Asset; isVisible: boolean }) {
  const [url, setUrl] = useState(() => thumbOf(asset.id));
  // Not every file is what its type says.
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    const vault = openVault.value;
    if (url !== undefined || !isVisible || !vault || !hasThumb(asset)) return undefined;
    let cancel: (() => void) | undefined;
    const timer = setTimeout(() => {
      cancel = fetchThumb(vault, asset, setUrl);
    }, SEEN_MS);
    return () => {
      clearTimeout(timer);
      cancel?.();
    };
  }, [asset.id, isVisible, url]);
  useEffect(() => (url === undefined ? undefined : hold(asset.id)), [asset.id, url]);
  return (
    <span class="thumb">
      {url === undefined || isBroken ? (
        <Icon name={typeIcon(asset.mime_type)} />
      ) : (
        <img src={url} alt="" decoding="async" draggable={false} onError={() => setBroken(true)} />
      )}
    </span>
  );
}
