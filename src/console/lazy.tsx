/** Parts of the console that are loaded when they are first shown. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Failure } from "./ui/states.tsx";

let styles: Promise<void> | undefined;

/** Loads the styles that the first view does without, once for all parts. A part is not shown before. */
function lateStyles(): Promise<void> {
  styles ??= new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = document.getElementById("console")?.dataset["late"] ?? "";
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => {
      styles = undefined;
      link.remove();
      reject(new Error("the styles did not come"));
    });
    document.head.append(link);
  });
  return styles;
}

/**
 * A component that is loaded when it is first shown. Until then there is `placeholder`; if it cannot be loaded, which is
 * so when a newer version of the server was started, there is a word about it and a way to try again.
 */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
  placeholder?: ComponentType,
): ComponentType<P> {
  let loading: Promise<ComponentType<P>> | undefined;
  let loaded: ComponentType<P> | undefined;
  const start = (): Promise<ComponentType<P>> => {
    loading ??= Promise.all([load(), lateStyles()]).then(
      ([component]) => (loaded = component),
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  };
  return function Lazy(props: P) {
    const [, setShown] = useState(false);
    const [error, setError] = useState<unknown>();
    const [attempt, setAttempt] = useState(0);
    useEffect(() => {
      let isGone = false;
      if (!loaded) {
        start().then(
          () => isGone || setShown(true),
          (reason: unknown) => isGone || setError(reason),
        );
      }
      return () => {
        isGone = true;
      };
    }, [attempt]);
    if (loaded) {
      const Loaded = loaded;
      return <Loaded {...props} />;
    }
    if (error !== undefined) {
      const retry = (): void => {
        setError(undefined);
        setAttempt(attempt + 1);
      };
      return <Failure error={new Error("A part of this page could not be loaded. Reload the page.")} retry={retry} />;
    }
    const Placeholder = placeholder;
    return Placeholder ? <Placeholder /> : null;
  };
}
