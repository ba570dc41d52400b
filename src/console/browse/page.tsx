import { route } from "../route.ts";

/** The files of a folder. */
export function BrowsePage() {
  const to = route.value;
  return to.page === "browse" ? (
    <h1>{to.path.channel ?? to.path.collection ?? to.path.partition ?? "All files"}</h1>
  ) : null;
}
