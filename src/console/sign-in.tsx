import { useState } from "preact/hooks";
import { signIn } from "./session.ts";
import { Button } from "./ui/button.tsx";
import { TextField } from "./ui/field.tsx";

/** Where one gives a key. The field hides it, but is none for passwords: a browser would offer to keep those. */
export function SignIn() {
  const [credential, setCredential] = useState("");
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await signIn(credential);
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
      setBusy(false);
    }
  };
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <img src="icon.svg" alt="" width="40" height="40" />
        <h1>Strongroom</h1>
        <p class="lead">Sign in to the vault that a key belongs to, or to all vaults with the admin token.</p>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <TextField
            label="Key or admin token"
            class="input secret"
            name="credential"
            autofocus
            autocomplete="off"
            placeholder="sk_…"
            value={credential}
            error={error}
            hint="It stays in this tab, and is forgotten when the tab is closed."
            onInput={(event) => setCredential(event.currentTarget.value)}
          />
          <Button kind="primary" type="submit" busy={isBusy}>
            Sign in
          </Button>
        </form>
        <p class="hint">
          <code>npm start</code> prints them, and keeps them in <code>credentials.json</code>. To write programs, read
          the <a href="docs">API reference</a>.
        </p>
      </div>
    </main>
  );
}
