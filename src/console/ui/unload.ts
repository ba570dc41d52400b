import { useEffect } from "preact/hooks";

/** Has the browser ask before the tab goes, whenever something is kept that no page shows. */
export function askWhile(isKept: () => boolean): void {
  addEventListener("beforeunload", (event) => {
    if (isKept()) event.preventDefault();
  });
}

/** Has the browser ask before the tab goes, while something is not saved. */
export function useUnload(isUnsaved: boolean): void {
  useEffect(() => {
    if (!isUnsaved) return undefined;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isUnsaved]);
}
