import type { ComponentChildren } from "preact";
import { StrongroomError } from "../../client/index.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";

/** How far something is. Without a `value` it is not known. */
export function Progress({ value, max = 1, label }: { value?: number | undefined; max?: number; label: string }) {
  return <progress class="progress" aria-label={label} max={max} {...(value === undefined ? {} : { value })} />;
}

/** Where nothing is: why, and what can be done. */
export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon: IconName;
  title: string;
  children?: ComponentChildren;
  action?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <span class="empty-sign">
        <Icon name={icon} size={24} />
      </span>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action && <div class="empty-action">{action}</div>}
    </div>
  );
}

/** What an error says to a person. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof StrongroomError)) return error instanceof Error ? error.message : String(error);
  if (error.code === "FORBIDDEN") return `This key may not do that: ${error.message}`;
  return WORDS[error.code] ?? error.message;
}

/** What is better said here than by the client. */
const WORDS: Readonly<Record<string, string>> = {
  NETWORK_ERROR: "The server does not answer. Check the connection, and whether it is running.",
  TIMEOUT: "The server took too long to answer.",
  UNAUTHORIZED: "The key is no longer accepted: it was revoked or has expired. Sign in again.",
};

/** Where something failed: what, how it can be tried again, and by which name the server's log knows it. */
export function Failure({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const request = error instanceof StrongroomError ? error.requestId : undefined;
  return (
    <div class="failure" role="alert">
      <Icon name="warn" />
      <div>
        <p>{wordsOf(error)}</p>
        {request && <p class="hint">Request {request}</p>}
      </div>
      {retry && (
        <Button icon="reload" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}
