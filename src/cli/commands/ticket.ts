import { MAX_SESSION_BYTES, MAX_TICKET_SECONDS } from "../../model/limits.ts";
import { PATH_COMPONENTS } from "../../model/asset.ts";
import { command } from "../command.ts";
import { expiresIn } from "../duration.ts";
import { parseFolder } from "../place.ts";
import { sizeOf } from "../../model/size.ts";
import { time } from "../terminal/format.ts";
import { UsageError } from "../usage-error.ts";

export const ticket = command({
  name: "ticket",
  usage: "FOLDER",
  about: "makes a URL that takes one upload for a time",
  help: `
FOLDER is a full path, partition/collection/channel/. Whoever has the URL uploads one file there without a key:
  curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg' "URL&filename=photo.jpg"
With --filename that is the name, and "&filename=" is left out. The URL ends with the key that made it.`,
  takes: [1, 1],
  options: {
    filename: {
      type: "string",
      value: "NAME",
      about: "what the file is to be called; the uploader says it unless given",
    },
    "max-size": { type: "string", value: "SIZE", about: "the most that the file may have: 500KB, 10MB, 2GiB" },
    type: {
      type: "string",
      multiple: true,
      value: "TYPE",
      about: "a media type that the file may have: image/png, or image/* for all of that kind; may be repeated",
    },
    expires: {
      type: "string",
      value: "TIME",
      about: "how long an upload may begin: 90s, 30m, 1h, 7d; 1h unless said, 7d at most",
    },
  },
  async run({ arguments: [target = ""], access, output, signal }, values) {
    const { filename, "max-size": maxSize, type: types, expires = "1h" } = values;
    const [partition, collection, channel] = parseFolder(target);
    if (partition === undefined || collection === undefined || channel === undefined)
      throw new UsageError(`${target}: must be a full path, ${PATH_COMPONENTS.join("/")}/`);
    const expires_in = expiresIn(expires, MAX_TICKET_SECONDS);
    const most = maxSize === undefined ? undefined : sizeOf(maxSize);
    if (maxSize !== undefined && (most === undefined || most < 1 || most > MAX_SESSION_BYTES))
      throw new UsageError(`--max-size ${maxSize}: must be a size such as 500KB or 10MB, and at most 5GiB`);
    const made = await access.vault().tickets.create(
      {
        partition,
        collection,
        channel,
        expires_in,
        ...(filename === undefined ? {} : { filename }),
        ...(most === undefined ? {} : { max_file_bytes: most }),
        ...(types === undefined ? {} : { allowed_types: types }),
      },
      { signal },
    );
    if (output.isJson) await output.json(made);
    else {
      await output.line(made.url);
      output.note(`good until ${time(made.expires_at)}, as ${made.ticket_id}`);
    }
  },
});
