/**
 * The script of a page as a user of Strongroom writes one: a gallery, and three inputs that upload. All that it is told are
 * URLs: of images, and of tickets, which its own server makes for it.
 */

import Uppy from "@uppy/core";
import Tus from "@uppy/tus";
import { Upload } from "tus-js-client";
import { uploadWithTicket } from "../../src/client/index.ts";

const CHUNK_BYTES = 5 * 1024 * 1024;
const RETRY_DELAYS = [100, 500, 1000, 3000, 5000, 5000, 5000];

const ask = async (path, init) => (await fetch(path, init)).json();

/** A ticket's URL, for a file in one request; for tus, `/uploads` takes the place of `/assets`. */
const ticket = async () => (await ask("/ticket", { method: "POST" })).url;
const tusTicket = async () => (await ticket()).replace("/assets?", "/uploads?");

const at = (id) => document.getElementById(id);

/** Uploads the file that is chosen in an input, and shows in its row how it goes. */
function wire(id, upload) {
  const [input, bar, told] = [at(id), at(`${id}-bar`), at(`${id}-told`)];
  const run = async () => {
    const [file] = input.files;
    const shown = [];
    told.textContent = "uploading";
    try {
      const progress = (loaded) => {
        bar.value = loaded / file.size;
        shown.push(loaded);
        bar.dataset.shown = shown.join(" ");
      };
      const note = await upload(file, progress);
      bar.value = 1;
      told.textContent = `done ${note}`;
    } catch (error) {
      told.textContent = `failed: ${error.message}`;
    }
  };
  input.addEventListener("change", () => void run());
}

for (const url of await ask("/gallery")) {
  const image = new Image();
  image.src = url;
  at("gallery").append(image);
}

wire("ticket", async (file, progress) => {
  const asset = await uploadWithTicket(await ticket(), file, { onProgress: ({ loaded }) => progress(loaded) });
  return asset.id;
});

wire("tus", async (file, progress) => {
  const { promise, resolve, reject } = Promise.withResolvers();
  const upload = new Upload(file, {
    endpoint: await tusTicket(),
    chunkSize: CHUNK_BYTES,
    retryDelays: RETRY_DELAYS,
    metadata: { filename: file.name, filetype: file.type },
    // Each ticket is another endpoint: without this, an upload of an earlier visit would not be found.
    fingerprint: async ({ name, size, lastModified }) => `${name} ${size} ${lastModified}`,
    removeFingerprintOnSuccess: true,
    onProgress: progress,
    onError: reject,
    onSuccess: () => resolve(""),
  });
  const [previous] = await upload.findPreviousUploads();
  if (previous) upload.resumeFromPreviousUpload(previous);
  upload.start();
  return promise;
});

wire("uppy", async (file, progress) => {
  const uppy = new Uppy();
  uppy.use(Tus, { endpoint: await tusTicket(), chunkSize: CHUNK_BYTES, retryDelays: RETRY_DELAYS });
  uppy.on("upload-progress", (_file, { bytesUploaded }) => progress(bytesUploaded));
  const id = uppy.addFile({ name: file.name, type: file.type, data: file });
  window.pauseOrGoOn = () => uppy.pauseResume(id);
  const { failed } = await uppy.upload();
  if (failed.length > 0) throw new Error(failed[0].error);
  return "";
});
at("title").dataset.ready = "yes";
