/** The list of uploads: all of them together at its head, and below each by itself. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button, bytes, confirm, count, Icon, Progress } from "../ui/index.ts";
import type { UploadItem } from "./item.ts";
import { timeLeft } from "./meter.ts";
import { Rows } from "./rows.tsx";
import type { Totals } from "./totals.ts";
import { uploads } from "./uploads.ts";

/** From so many files on they can be looked at by what became of them. */
const MANY = 8;

/** From so many on, those that are done are left out unless one asks for them. */
const VERY_MANY = 100;

type View = "all" | "left" | "failed" | "done";

const BELONGS: Record<View, (item: UploadItem) => boolean> = {
  all: () => true,
  left: ({ state }) => state !== "done" && state !== "failed",
  failed: ({ state }) => state === "failed",
  done: ({ state }) => state === "done",
};

export function UploadList() {
  const isSmall = useSignal(false);
  const chosenView = useSignal<View | undefined>(undefined);
  void uploads.version.value;
  const totals = uploads.totals();
  const closing = uploads.closing.value;
  if (totals.count === 0 && closing === 0) return null;
  const isOver = totals.queued + totals.sending + totals.paused === 0;
  const view = chosenView.value ?? (totals.count > VERY_MANY && !isOver ? "left" : "all");
  const halted = uploads.halted.value;
  return (
    <section class="uploads" aria-label="Uploads">
      <header class="uploads-head">
        <div class="uploads-title">
          <h2>{titleOf(totals, closing)}</h2>
          <p class="hint numbers">{detailOf(totals, isOver)}</p>
        </div>
        <Button
          kind="quiet"
          small
          icon="down"
          aria-label={isSmall.value ? "Show the list" : "Hide the list"}
          aria-expanded={!isSmall.value}
          onClick={() => (isSmall.value = !isSmall.value)}
        />
        {isOver ? (
          <Button kind="quiet" small icon="close" aria-label="Close" onClick={() => uploads.cancelAll()} />
        ) : (
          <Button kind="quiet" small icon="close" aria-label="Cancel all" onClick={() => void cancelAll(totals)} />
        )}
      </header>
      {!isOver && <Progress label="All uploads" value={totals.loaded} max={Math.max(totals.size, 1)} />}
      {halted && (
        <p class="uploads-halted" role="alert">
          <Icon name="warn" />
          <span>
            {halted.what} {halted.hint}
          </span>
        </p>
      )}
      {uploads.gate.isBusy.value && (closing > 0 || !isOver) && <Busy />}
      {!isSmall.value && (
        <>
          <Bar totals={totals} view={view} onView={(next) => (chosenView.value = next)} />
          <Rows items={uploads.items.filter(BELONGS[view])} isLost={uploads.gate.state.value === "lost"} />
        </>
      )}
    </section>
  );
}

/** Why nothing goes though the server answers, and when it is asked again. Screen readers are told once, by the announcer. */
function Busy() {
  const isHeld = uploads.gate.state.value === "held";
  const pause = useSignal(uploads.gate.pause);
  useEffect(() => {
    if (!isHeld) return undefined;
    const show = (): void => {
      pause.value = uploads.gate.pause;
    };
    show();
    const timer = setInterval(show, 1_000);
    return () => clearInterval(timer);
  }, [isHeld]);
  return (
    <div class="uploads-busy">
      <Icon name="warn" />
      <span class="numbers">The server is busy: {isHeld ? `next try in ${pause.value} s` : "it is tried again"}.</span>
      <Button small disabled={!isHeld} onClick={() => uploads.gate.tryNow()}>
        Try now
      </Button>
    </div>
  );
}

/** What can be done with all of them, and which are shown. */
function Bar({ totals, view, onView }: { totals: Totals; view: View; onView: (view: View) => void }) {
  const { queued, sending, paused, failed, final, done } = totals;
  const again = failed - final;
  const counts: Record<View, number> = { all: totals.count, left: queued + sending + paused, failed, done };
  const names: Record<View, string> = { all: "All", left: "To do", failed: "Failed", done: "Done" };
  const shown = (Object.keys(names) as View[]).filter((each) => each !== "failed" || failed > 0 || view === each);
  const isMany = totals.count > MANY;
  if (!isMany && queued + sending + paused + failed < 2) return null;
  return (
    <div class="uploads-bar">
      {isMany && (
        <div class="uploads-views" role="group" aria-label="Which are shown">
          {shown.map((each) => (
            <button key={each} type="button" aria-pressed={view === each} onClick={() => onView(each)}>
              {names[each]} <span class="numbers">{counts[each].toLocaleString("en")}</span>
            </button>
          ))}
        </div>
      )}
      <div class="uploads-acts">
        {queued + sending > 0 && (
          <Button kind="quiet" small icon="pause" onClick={() => uploads.pauseAll()}>
            Pause all
          </Button>
        )}
        {paused > 0 && (
          <Button kind="quiet" small icon="play" onClick={() => uploads.resumeAll()}>
            Resume all
          </Button>
        )}
        {again > 0 && (
          <Button kind="quiet" small icon="reload" onClick={() => uploads.retryAll()}>
            {again === 1 ? "Retry" : `Retry ${again.toLocaleString("en")}`}
          </Button>
        )}
      </div>
    </div>
  );
}

function titleOf({ count: all, queued, sending, paused, failed, done }: Totals, closing: number): string {
  if (all === 0) return `Removing ${count(closing, "cancelled upload")}…`;
  if (uploads.gate.state.value === "lost" && queued + sending > 0)
    return navigator.onLine ? "The server does not answer" : "You are offline";
  if (queued + sending > 0) return `Uploading ${count(queued + sending, "file")}`;
  if (paused > 0) return `${count(paused, "file")} paused`;
  if (failed === 0) return `${count(done, "file")} uploaded`;
  return done === 0 ? `${count(failed, "file")} failed` : `${count(done, "file")} uploaded, ${failed} failed`;
}

function detailOf({ size, loaded, left, rate, queued, sending, done }: Totals, isOver: boolean): string {
  if (isOver) return done === 0 ? "Nothing was stored" : bytes(size);
  const far = `${bytes(loaded)} of ${bytes(size)}`;
  if (uploads.gate.state.value !== "open") return `${far} · goes on by itself`;
  if (queued + sending === 0) return far;
  return [far, rate && `${bytes(rate)}/s`, timeLeft(left, rate)].filter(Boolean).join(" · ");
}

async function cancelAll({ queued, sending, paused, done, failed }: Totals): Promise<void> {
  const left = queued + sending + paused;
  const rest = [
    done > 0 && `${count(done, "file")} that ${done === 1 ? "is" : "are"} uploaded stay${done === 1 ? "s" : ""}.`,
    failed > 0 && `${count(failed, "file")} that failed ${failed === 1 ? "is" : "are"} forgotten.`,
  ];
  const isSure = await confirm({
    title: `Cancel ${count(left, "upload")}?`,
    body: ["What was sent of them is removed.", ...rest].filter(Boolean).join(" "),
    verb: left === 1 ? "Cancel the upload" : "Cancel the uploads",
    danger: true,
  });
  if (isSure) uploads.cancelAll();
}
