/** The rows of the list: only those that can be seen are in the page, however many there are. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Button, bytes, Icon, type IconName, Progress, visible } from "../ui/index.ts";
import { typeIcon } from "../ui/kinds.ts";
import type { UploadItem } from "./item.ts";
import { timeLeft } from "./meter.ts";
import { uploads } from "./uploads.ts";

/** As high as the style says. Pixels. */
const ROW_PX = 56;
const REFUSED_PX = 78;

/** As high as the list is at most, and rows beyond its edges: whoever scrolls sees none come. Pixels. */
const MOST_PX = 640;
const BEYOND_PX = 4 * ROW_PX;

const heightOf = ({ state }: UploadItem): number => (state === "failed" ? REFUSED_PX : ROW_PX);

export function Rows({ items, isLost }: { items: readonly UploadItem[]; isLost: boolean }) {
  const top = useSignal(0);
  const frame = useRef<HTMLDivElement>(null);
  let [y, before, after] = [0, 0, 0];
  const shown: [item: UploadItem, position: number][] = [];
  for (const [n, item] of items.entries()) {
    const height = heightOf(item);
    if (y + height < top.value - BEYOND_PX) before += height;
    else if (y > top.value + MOST_PX + BEYOND_PX) after += height;
    else shown.push([item, n + 1]);
    y += height;
  }
  return (
    <div
      ref={frame}
      class="uploads-rows"
      role="group"
      aria-label="Files"
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by the keyboard
      tabindex={0}
      onScroll={({ currentTarget }) => (top.value = currentTarget.scrollTop)}
    >
      {items.length === 0 ? (
        <p class="uploads-none">None.</p>
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-redundant-roles -- without its bullets, Safari takes it for no list
        <ul role="list" style={{ paddingTop: `${before}px`, paddingBottom: `${after}px` }}>
          {shown.map(([item, position]) => (
            <Row
              key={item.id}
              item={item}
              position={position}
              of={items.length}
              isLost={isLost}
              onGone={() => frame.current?.focus()}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

function signOf({ state, file }: UploadItem): IconName {
  if (state === "done") return "check";
  if (state === "failed") return "warn";
  return typeIcon(file.type);
}

interface RowProps {
  item: UploadItem;
  position: number;
  of: number;
  isLost: boolean;
  /** The row goes away with what had the focus. */
  onGone: () => void;
}

function Row({ item, position, of, isLost, onGone }: RowProps) {
  const { state, size, loaded, refused, target } = item;
  const name = visible(item.name);
  const act = (icon: IconName, verb: string, run: () => void) => (
    <Button kind="quiet" small icon={icon} aria-label={`${verb} ${name}`} title={verb} onClick={run} />
  );
  const cancel = (): void => {
    uploads.cancel(item);
    onGone();
  };
  return (
    <li class={`upload ${state}`} aria-setsize={of} aria-posinset={position}>
      <span class="upload-sign">
        <Icon name={signOf(item)} />
      </span>
      <div class="upload-text">
        <p class="upload-name" title={`${target.partition}/${target.collection}/${target.channel}/${name}`}>
          {name}
        </p>
        {refused ? (
          <>
            <p class="upload-what" title={refused.what}>
              {refused.what}
            </p>
            <p class="hint" title={refused.hint}>
              {refused.hint}
            </p>
          </>
        ) : (
          <p class="hint numbers">{stateOf(item, isLost)}</p>
        )}
      </div>
      <div class="upload-acts">
        {(state === "queued" || state === "sending") && act("pause", "Pause", () => uploads.pause(item))}
        {state === "paused" && act("play", "Resume", () => uploads.resume(item))}
        {state === "failed" && !refused?.isFinal && act("reload", "Retry", () => uploads.retry(item))}
        {state === "done" || state === "failed" ? act("close", "Dismiss", cancel) : act("close", "Cancel", cancel)}
      </div>
      {(state === "sending" || (loaded > 0 && state !== "done" && state !== "failed")) && (
        <Progress label={name} value={loaded} max={Math.max(size, 1)} />
      )}
    </li>
  );
}

function stateOf({ state, size, loaded, meter }: UploadItem, isLost: boolean): string | undefined {
  const far = loaded === 0 ? bytes(size) : `${bytes(loaded)} of ${bytes(size)}`;
  switch (state) {
    case "queued":
      return isLost && loaded > 0 ? `${far} · waits for the connection` : `${far} · waits`;
    case "sending": {
      if (loaded === size) return `${bytes(size)} · being stored`;
      const rate = meter.rate(performance.now());
      return [far, rate && `${bytes(rate)}/s`, timeLeft(size - loaded, rate)].filter(Boolean).join(" · ");
    }
    case "paused":
      return `${far} · paused`;
    case "done":
      return `${bytes(size)} · uploaded`;
    case "failed":
      return undefined;
  }
  return undefined;
}
