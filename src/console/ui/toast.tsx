import { signal } from "@preact/signals";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";

export interface ToastOptions {
  tone?: "info" | "ok" | "warn" | "danger";
  /** One thing that can be done about it. */
  action?: { label: string; run: () => void };
}

interface Toast extends ToastOptions {
  id: number;
  message: string;
}

/** How long one stands; what went wrong stands until it is closed. Milliseconds. */
const SHOWN_MS = 6_000;

/** The most at a time: the oldest give way. */
const MOST = 4;

const toasts = signal<readonly Toast[]>([]);
let last = 0;

const close = (id: number): void => {
  toasts.value = toasts.value.filter((each) => each.id !== id);
};

/** Says something in the corner, without taking the focus. */
export function toast(message: string, options: ToastOptions = {}): void {
  const id = ++last;
  toasts.value = [...toasts.value, { id, message, ...options }].slice(-MOST);
  if (options.tone !== "danger") setTimeout(close, SHOWN_MS, id);
}

export const dismissToasts = (): void => {
  toasts.value = [];
};

const ICONS: Record<NonNullable<ToastOptions["tone"]>, IconName> = {
  info: "info",
  ok: "check",
  warn: "warn",
  danger: "warn",
};

/** Where they are shown: once in the shell. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, message, tone = "info", action }) => (
        <div class={`toast ${tone}`} key={id}>
          <Icon name={ICONS[tone]} />
          <span class="toast-text">{message}</span>
          {action && (
            <Button
              kind="quiet"
              small
              onClick={() => {
                close(id);
                action.run();
              }}
            >
              {action.label}
            </Button>
          )}
          <Button kind="quiet" small icon="close" aria-label="Dismiss" onClick={() => close(id)} />
        </div>
      ))}
    </div>
  );
}
