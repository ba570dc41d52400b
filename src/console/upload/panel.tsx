/** Uploads. The shell shows it, on every page, to whoever may write. */
export function UploadPanel() {
  return null;
}
