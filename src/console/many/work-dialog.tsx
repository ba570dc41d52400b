import type { Asset } from "../../client/index.ts";
import { Button, count, Dialog, Failure, number, Progress } from "../ui/index.ts";
import type { Outcome } from "./changing.ts";
import { dismiss, stop, type UnderWay, type Work } from "./work.ts";

/** The most failures that are listed by name. */
const LISTED = 200;

/** How far it is, and then what could not be done, by name and reason. */
export function WorkDialog({
  work,
  onAgain,
}: {
  work: UnderWay;
  onAgain: (work: Omit<Work, "assets">, assets: readonly Asset[]) => void;
}) {
  const { outcome, assets, tried, verb, isStopping } = work;
  if (outcome) return <Result work={work} outcome={outcome} onAgain={onAgain} />;
  return (
    <Dialog
      title={`${verb} ${count(assets.length, "file")}`}
      isFirm
      onClose={stop}
      footer={
        <Button busy={isStopping} onClick={stop}>
          {isStopping ? "Stopping" : "Stop"}
        </Button>
      }
    >
      <Progress value={tried} max={assets.length} label={`${verb}: how far it is`} />
      <p role="status" class="numbers">
        {number(tried)} of {number(assets.length)}
      </p>
    </Dialog>
  );
}

function Result({
  work,
  outcome,
  onAgain,
}: {
  work: UnderWay;
  outcome: Outcome;
  onAgain: (work: Omit<Work, "assets">, assets: readonly Asset[]) => void;
}) {
  const { done, failed, left, error } = outcome;
  const again = [...failed.map(({ asset }) => asset), ...left];
  return (
    <Dialog
      title={`${number(done.length)} of ${count(work.assets.length, "file")} ${work.done}`}
      shape="wide"
      onClose={dismiss}
      footer={
        <>
          <Button onClick={() => onAgain({ action: work.action, verb: work.verb, done: work.done }, again)}>
            {`Try the other ${number(again.length)} again`}
          </Button>
          <Button kind="primary" onClick={dismiss}>
            Close
          </Button>
        </>
      }
    >
      {error !== undefined && <Failure error={error} />}
      {left.length > 0 && (
        <p>
          {error === undefined
            ? `It was stopped. ${count(left.length, "file")} ${left.length === 1 ? "was" : "were"} not tried.`
            : `So it is not known of ${count(left.length, "file")}. To try again does no harm.`}
        </p>
      )}
      {failed.length > 0 && (
        <>
          <p>These were refused. They stay selected.</p>
          <ul class="failures">
            {failed.slice(0, LISTED).map(({ asset, reason }) => (
              <li key={asset.id}>
                <strong>
                  <bdi>{asset.filename}</bdi>
                </strong>{" "}
                <span class="hint">
                  {asset.partition}/{asset.collection}/{asset.channel}
                </span>
                <p>{reason}</p>
              </li>
            ))}
          </ul>
          {failed.length > LISTED && <p class="hint">And {number(failed.length - LISTED)} more.</p>}
        </>
      )}
    </Dialog>
  );
}
