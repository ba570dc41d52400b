/** Uploads of any size with Uppy. The page has no key: each file goes by a ticket of its own. */

import Uppy from "@uppy/core";
import Tus from "@uppy/tus";

const at = (id) => document.getElementById(id);

const uppy = new Uppy({ autoProceed: true }).use(Tus, {
  // The default is the whole file in one request, and proxies take no more than 100 MB.
  chunkSize: 32 * 1024 * 1024,
  retryDelays: [500, 1000, 3000, 5000, 10_000],
});

// A ticket's URL with /uploads in the place of /assets is where tus begins.
uppy.addPreProcessor(async (ids) => {
  for (const id of ids) {
    const response = await fetch("/ticket", { method: "POST" });
    if (!response.ok) throw new Error("The server gives no ticket.");
    const { url } = await response.json();
    uppy.setFileState(id, { tus: { endpoint: url.replace("/assets?", "/uploads?") } });
  }
});

const size = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
const lines = new Map();
const told = (file, text, state = "") => {
  const line = lines.get(file.id);
  line.root.dataset.state = state;
  line.text.textContent = text;
};

uppy.on("file-added", (file) => {
  const root = at("line").content.cloneNode(true).firstElementChild;
  const [name, text, bar, pause] = ["b", "span", "progress", "button"].map((tag) => root.querySelector(tag));
  name.textContent = file.name;
  bar.setAttribute("aria-label", file.name);
  pause.addEventListener("click", () => {
    const isPaused = uppy.pauseResume(file.id);
    pause.textContent = isPaused ? "Go on" : "Pause";
    if (isPaused) text.textContent = "paused";
  });
  lines.set(file.id, { root, text, bar });
  at("files").append(root);
  told(file, "waiting");
});
uppy.on("upload-progress", (file, { bytesUploaded, bytesTotal }) => {
  lines.get(file.id).bar.value = bytesUploaded / bytesTotal;
  told(file, `${size(bytesUploaded)} of ${size(bytesTotal)}`);
});
uppy.on("upload-success", (file) => {
  lines.get(file.id).bar.value = 1;
  told(file, `done, ${size(file.size)}`, "done");
});
uppy.on("upload-error", (file, error) => told(file, `failed: ${error.message}`, "failed"));

const add = (files) => {
  for (const file of files) uppy.addFile({ name: file.name, type: file.type, data: file });
};
at("choose").addEventListener("change", ({ target }) => {
  add(target.files);
  target.value = "";
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  add(event.dataTransfer.files);
});
