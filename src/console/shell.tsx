/** The frame of every page: who is signed in, where one is, and what comes over it. */

import { lazy } from "./lazy.tsx";
import { BrowsePage } from "./browse/page.tsx";
import { go, href, NO_QUERY, type Route, route, type Section } from "./route.ts";
import { leave, type Session, session } from "./session.ts";
import { SignIn } from "./sign-in.tsx";
import { isDark, toggleTheme } from "./theme.ts";
import { Button } from "./ui/button.tsx";
import { asked } from "./ui/confirm.ts";
import { Icon, type IconName } from "./ui/icon.tsx";
import { toast, Toasts } from "./ui/toast.tsx";

const UploadPanel = lazy(async () => (await import("./upload/panel.tsx")).UploadPanel);
const VaultPages = lazy(async () => (await import("./vault/pages.tsx")).VaultPages);
const NoFiles = lazy(async () => (await import("./admin/no-files.tsx")).NoFiles);
const Confirmation = lazy(async () => (await import("./ui/confirmation.tsx")).Confirmation);
const VaultList = lazy(async () => (await import("./admin/list.tsx")).VaultList);

export function Shell() {
  const current = session.value;
  return (
    <>
      {current ? <Frame session={current} /> : <SignIn />}
      {asked.value && <Confirmation />}
      <Toasts />
    </>
  );
}

/** Where a session may be, given where the fragment says that one is. */
function allowed(current: Session, to: Route): Route {
  if (current.kind === "admin") return to;
  const isOwn = to.page !== "vaults" && to.vaultId === current.vaultId;
  if (isOwn && (to.page === "browse" || current.manages)) return to;
  return filesOf(current.vaultId);
}

function Frame({ session: current }: { session: Session }) {
  const to = allowed(current, route.value);
  const from = route.value;
  if (to !== from) {
    queueMicrotask(() => {
      go(to, { replace: true });
      if ("vaultId" in from && to.page === "browse" && from.vaultId !== to.vaultId)
        toast("The link is to another vault.");
    });
  }
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={current.kind === "admin" ? "#/" : href(filesOf(current.vaultId))}>
          <img src="icon.svg" alt="" width="22" height="22" />
          <span>Strongroom</span>
        </a>
        <Sections session={current} to={to} />
        <div class="top-end">
          <Button
            kind="quiet"
            icon={isDark() ? "light" : "dark"}
            aria-label={isDark() ? "Light theme" : "Dark theme"}
            onClick={toggleTheme}
          />
          <Button kind="quiet" icon="signOut" aria-label="Sign out" onClick={() => void leave()} />
        </div>
      </header>
      <main id="main" class="main" tabindex={-1}>
        {to.page === "browse" &&
          (current.kind === "admin" ? (
            <NoFiles key={to.vaultId} admin={current.admin} vaultId={to.vaultId} />
          ) : (
            <BrowsePage />
          ))}
        {to.page === "vault" && <VaultPages vaultId={to.vaultId} section={to.section} />}
        {to.page === "vaults" && <VaultList />}
      </main>
      <UploadPanel />
    </div>
  );
}

/** The fragment is where one is, so that a link into the page must not change it. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

const filesOf = (vaultId: string): Route => ({ page: "browse", vaultId, path: {}, query: NO_QUERY });

const SECTIONS: readonly (readonly [Section, string, IconName])[] = [
  ["overview", "Overview", "vault"],
  ["keys", "Keys", "key"],
  ["settings", "Settings", "settings"],
  ["health", "Health", "health"],
];

function Sections({ session: current, to }: { session: Session; to: Route }) {
  if (to.page === "vaults") return <div class="sections" />;
  const mayManage = current.kind === "admin" || current.manages;
  const here = (isIt: boolean): "page" | undefined => (isIt ? "page" : undefined);
  return (
    <nav class="sections" aria-label="Vault">
      <a href={href(filesOf(to.vaultId))} aria-current={here(to.page === "browse")}>
        <Icon name="folder" />
        <span>Files</span>
      </a>
      {mayManage &&
        SECTIONS.map(([section, name, icon]) => (
          <a
            key={section}
            href={href({ page: "vault", vaultId: to.vaultId, section })}
            aria-current={here(to.page === "vault" && to.section === section)}
          >
            <Icon name={icon} />
            <span>{name}</span>
          </a>
        ))}
    </nav>
  );
}
