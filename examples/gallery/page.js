/** The page of the gallery. It has no key: its own server gives it URLs of pictures, and a ticket for each upload. */

import { uploadWithTicket } from "strongroom";

const at = (id) => document.getElementById(id);

async function ask(path, init) {
  const response = await fetch(path, init);
  if (!response.ok) throw new Error("The gallery does not answer. Try again in a moment.");
  return response.json();
}

async function show() {
  const pictures = await ask("/pictures");
  at("count").textContent = ["", "1 picture"][pictures.length] ?? `${pictures.length} pictures`;
  at("empty").hidden = pictures.length > 0;
  at("pictures").replaceChildren(...pictures.map(tile));
}

function tile({ src, name, width, height }) {
  const button = document.createElement("button");
  button.style.setProperty("--ratio", width / height);
  const image = new Image(width, height);
  image.loading = "lazy";
  image.alt = name;
  image.src = src;
  button.append(image);
  button.addEventListener("click", () => {
    Object.assign(at("large").firstChild, { src, alt: name });
    at("large").showModal();
  });
  return button;
}

/** What the ticket refuses, in words for a visitor. */
const REFUSED = {
  PAYLOAD_TOO_LARGE: "is larger than 10 MB",
  UNSUPPORTED_MEDIA_TYPE: "is not a picture that can be shown here",
};

/** Uploads one picture, with a line that shows how far it is and, if it fails, why. */
async function add(file) {
  const line = document.createElement("li");
  const name = Object.assign(document.createElement("span"), { textContent: file.name });
  const bar = document.createElement("progress");
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  line.append(name, bar);
  at("uploads").append(line);
  try {
    const { url } = await ask("/ticket", { method: "POST" });
    await uploadWithTicket(url, file, { onProgress: ({ loaded, total }) => (bar.value = loaded / total) });
    await show();
    line.remove();
  } catch (error) {
    bar.remove();
    line.classList.add("failed");
    line.append(REFUSED[error.code] ?? error.message);
  }
}

/** One after the other: so the pictures come in the order in which they were chosen. */
async function addAll(files) {
  for (const file of files) await add(file);
}

at("choose").addEventListener("change", ({ target }) => {
  void addAll([...target.files]);
  target.value = "";
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  void addAll([...event.dataTransfer.files]);
});
at("large").addEventListener("click", () => at("large").close());

await show();
