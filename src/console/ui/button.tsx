import type { ButtonHTMLAttributes, ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";

export interface ButtonProps extends Omit<ButtonHTMLAttributes, "icon" | "size" | "class"> {
  /** `primary` once a view; `quiet` has no frame. */
  kind?: "plain" | "primary" | "danger" | "quiet";
  icon?: IconName | undefined;
  /** Something is under way that the button began: it cannot be pressed again, and keeps its width. */
  busy?: boolean;
  small?: boolean;
  class?: string;
  children?: ComponentChildren;
}

/** A button. One with an icon alone needs an `aria-label`, which is shown when one points at it. */
export function Button({
  kind = "plain",
  icon,
  busy = false,
  small = false,
  class: own = "",
  children,
  ...rest
}: ButtonProps) {
  const hasWords = children !== undefined && children !== null && children !== "";
  const classes = ["button", kind, small && "small", !hasWords && "bare", busy && "busy", own].filter(Boolean);
  const label = rest["aria-label"];
  return (
    <button
      type="button"
      {...(typeof label === "string" && !hasWords ? { title: label } : {})}
      {...rest}
      class={classes.map(String).join(" ")}
      aria-busy={busy}
      disabled={busy || rest.disabled}
    >
      {icon && <Icon name={icon} />}
      {hasWords && <span>{children}</span>}
    </button>
  );
}
