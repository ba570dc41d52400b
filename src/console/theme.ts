/** Dark or light: as the system has it, unless one chooses otherwise for this tab. */

import { signal } from "@preact/signals";

const STORED = "strongroom.theme";

/** What was chosen; undefined for what the system has. */
export const theme = signal<"light" | "dark" | undefined>(stored());

function stored(): "light" | "dark" | undefined {
  const value = sessionStorage.getItem(STORED);
  return value === "light" || value === "dark" ? value : undefined;
}

const system = matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(system.matches);
system.addEventListener("change", ({ matches }) => (systemIsDark.value = matches));

export const isDark = (): boolean => (theme.value === undefined ? systemIsDark.value : theme.value === "dark");

/** Shows what was chosen. */
export function applyTheme(): void {
  if (theme.value === undefined) delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
}

export function toggleTheme(): void {
  theme.value = isDark() ? "light" : "dark";
  sessionStorage.setItem(STORED, theme.value);
  applyTheme();
}
