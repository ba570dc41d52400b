/** What several pages of a vault are made of. */

import type { ComponentChildren } from "preact";
import { Copy, Icon, type IconName } from "../ui/index.ts";
import type { Tone } from "./findings.ts";

const SIGNS: Readonly<Record<Tone, IconName>> = { ok: "check", waits: "reload", warn: "warn", danger: "warn" };

/** Something that whoever looks should know. */
export function Notice({
  tone,
  title,
  children,
  action,
}: {
  tone: Tone;
  title: string;
  children?: ComponentChildren;
  action?: ComponentChildren;
}) {
  return (
    <div class={`notice ${tone}`}>
      <Icon name={SIGNS[tone]} />
      <div class="notice-words">
        <strong>{title}</strong>
        {children && <p>{children}</p>}
      </div>
      {action}
    </div>
  );
}

/** A part of a page with a heading of its own. */
export function Part({
  title,
  about,
  action,
  children,
}: {
  title: string;
  about?: ComponentChildren;
  action?: ComponentChildren;
  children?: ComponentChildren;
}) {
  return (
    <section class="part">
      <div class="part-head">
        <div>
          <h2>{title}</h2>
          {about && <p class="hint">{about}</p>}
        </div>
        {action}
      </div>
      {children}
    </section>
  );
}

/** A key that is shown this once. */
export function Token({ name, token }: { name: string; token: string }) {
  return (
    <div class="token">
      <span class="label">{name}</span>
      <div class="token-row">
        <code>{token}</code>
        <Copy text={token} what={`Copy the ${name.toLowerCase()}`} kind="plain">
          Copy
        </Copy>
      </div>
    </div>
  );
}
