// Recorded by seed.test.ts, which says how. Changing this file needs a line in CHANGELOG.md.
import type { Story } from "./replay.ts";

/** Names of the headers that every answer has. */
export const everywhere: readonly string[] = [
  "access-control-allow-origin",
  "access-control-expose-headers",
  "server-timing",
  "timing-allow-origin",
  "x-content-type-options",
  "x-request-id",
];

export const stories: readonly Story[] = [
  {
    name: "upload",
    exchanges: [
      {
        name: "only what is required",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        saves: "minimal",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{minimal}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{minimal}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "every field",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["filename", "greeting.txt"],
            ["metadata", '{"alt":"A cat","size":{"w":1},"n":null}'],
            ["tags", '["hero","blog","hero"]'],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        saves: "full",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{full}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"greeting.txt","r2_key":"{vault}/marketing/blog/hero-images/{full}_greeting.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{\\"alt\\":\\"A cat\\",\\"size\\":{\\"w\\":1},\\"n\\":null}","tags":"[\\"hero\\",\\"blog\\",\\"hero\\"]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "a filename instead of the file's own",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["filename", "Übersicht 2026.txt"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        saves: "renamed",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{renamed}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"Übersicht 2026.txt","r2_key":"{vault}/marketing/blog/hero-images/{renamed}_Übersicht 2026.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "the same name at the same path again",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        saves: "again",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{again}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{again}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "an image, with its dimensions",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            [
              "file",
              {
                filename: "dot.png",
                type: "image/png",
                base64: "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAC0lEQVR4nGNggAAAAAgAAbdYc5UAAAAASUVORK5CYII=",
              },
            ],
          ],
        },
        saves: "image",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{image}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"dot.png","r2_key":"{vault}/marketing/blog/hero-images/{image}_dot.png","size":68,"mime_type":"image/png","width":3,"height":2,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "a file without a media type",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["file", { filename: "photo.jpg", type: "", text: "no picture" }],
          ],
        },
        saves: "untyped",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{untyped}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"photo.jpg","r2_key":"{vault}/marketing/blog/hero-images/{untyped}_photo.jpg","size":10,"mime_type":"image/jpeg","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "an empty file",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "" }],
          ],
        },
        saves: "empty",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{empty}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{empty}_hello.txt","size":0,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "the file before its fields",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
            ["metadata", "{}"],
            ["tags", "[]"],
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
          ],
        },
        saves: "early",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{early}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{early}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "path components of one and of 64 characters",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "a"],
            ["collection", "0000000000000000000000000000000000000000000000000000000000000000"],
            ["channel", "a--b"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        saves: "edges",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{edges}","vault_id":"{vault}","partition":"a","collection":"0000000000000000000000000000000000000000000000000000000000000000","channel":"a--b","filename":"hello.txt","r2_key":"{vault}/a/0000000000000000000000000000000000000000000000000000000000000000/a--b/{edges}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
    ],
  },
  {
    name: "upload, refused",
    exchanges: [
      {
        name: "without a key",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          anonymous: true,
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        answer: {
          status: 401,
          headers: ["cache-control", "content-length", "content-type", "www-authenticate"],
          body: '{"error":{"code":"UNAUTHORIZED","message":"{message}","status":401}}',
        },
      },
      {
        name: "with a key that is none",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          anonymous: true,
          headers: { Authorization: "Bearer x" },
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        answer: {
          status: 401,
          headers: ["cache-control", "content-length", "content-type", "www-authenticate"],
          body: '{"error":{"code":"UNAUTHORIZED","message":"{message}","status":401}}',
        },
      },
      {
        name: "without the file",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
          ],
        },
        mentions: ["file"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "without the partition",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        mentions: ["partition"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "without the collection",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["channel", "hero-images"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        mentions: ["collection"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "without the channel",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        mentions: ["channel"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "without anything",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          headers: { "Content-Type": "multipart/form-data; boundary=x" },
          body: "--x--\r\n",
        },
        mentions: ["partition", "collection", "channel", "file"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "a partition with a capital letter",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "Marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        mentions: ["partition"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "a collection that ends with a hyphen",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog-"],
            ["channel", "hero-images"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        mentions: ["collection"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "a channel of 65 characters",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        mentions: ["channel"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "an empty partition",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", ""],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        mentions: ["partition"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "metadata that is no JSON",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["metadata", "{"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        mentions: ["metadata"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "metadata that is no object",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["metadata", "[]"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        mentions: ["metadata"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "tags that are no JSON",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["tags", "hero"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        mentions: ["tags"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "tags that are no array of strings",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["tags", "[1]"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        mentions: ["tags"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "more than 100 MB, by its Content-Length",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          headers: { "Content-Type": "multipart/form-data; boundary=x", "Content-Length": "209715200" },
          body: "--x--\r\n",
        },
        mentions: ["file"],
        answer: {
          status: 413,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"PAYLOAD_TOO_LARGE","message":"{message}","status":413}}',
        },
      },
      {
        name: "no form",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          headers: { "Content-Type": "application/json" },
          body: "{}",
        },
        mentions: ["Content-Type"],
        answer: {
          status: 415,
          headers: ["accept-post", "cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"UNSUPPORTED_MEDIA_TYPE","message":"{message}","status":415}}',
        },
      },
      {
        name: "another method",
        request: { method: "PUT", path: "/api/v1/vaults/{vault}/assets" },
        answer: {
          status: 405,
          headers: ["allow", "cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"METHOD_NOT_ALLOWED","message":"{message}","status":405}}',
        },
      },
    ],
  },
  {
    name: "list",
    exchanges: [
      {
        name: "an empty vault",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[],"cursor":null,"has_more":false}',
        },
      },
      {
        name: "upload to p1/c1/h1",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "p1"],
            ["collection", "c1"],
            ["channel", "h1"],
            ["file", { filename: "f.txt", type: "text/plain", text: "p1c1h1" }],
          ],
        },
        saves: "p1-c1-h1",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{p1-c1-h1}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c1/h1/{p1-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "upload to p1/c1/h2",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "p1"],
            ["collection", "c1"],
            ["channel", "h2"],
            ["file", { filename: "f.txt", type: "text/plain", text: "p1c1h2" }],
          ],
        },
        saves: "p1-c1-h2",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{p1-c1-h2}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h2","filename":"f.txt","r2_key":"{vault}/p1/c1/h2/{p1-c1-h2}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "upload to p1/c2/h1",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "p1"],
            ["collection", "c2"],
            ["channel", "h1"],
            ["file", { filename: "f.txt", type: "text/plain", text: "p1c2h1" }],
          ],
        },
        saves: "p1-c2-h1",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{p1-c2-h1}","vault_id":"{vault}","partition":"p1","collection":"c2","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c2/h1/{p1-c2-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "upload to p2/c1/h1",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "p2"],
            ["collection", "c1"],
            ["channel", "h1"],
            ["file", { filename: "f.txt", type: "text/plain", text: "p2c1h1" }],
          ],
        },
        saves: "p2-c1-h1",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{p2-c1-h1}","vault_id":"{vault}","partition":"p2","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p2/c1/h1/{p2-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "upload to p1/c1/h1b",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "p1"],
            ["collection", "c1"],
            ["channel", "h1b"],
            ["file", { filename: "f.txt", type: "text/plain", text: "p1c1h1b" }],
          ],
        },
        saves: "p1-c1-h1b",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{p1-c1-h1b}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1b","filename":"f.txt","r2_key":"{vault}/p1/c1/h1b/{p1-c1-h1b}_f.txt","size":7,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "everything, newest first",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p1-c1-h1b}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1b","filename":"f.txt","r2_key":"{vault}/p1/c1/h1b/{p1-c1-h1b}_f.txt","size":7,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p2-c1-h1}","vault_id":"{vault}","partition":"p2","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p2/c1/h1/{p2-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c2-h1}","vault_id":"{vault}","partition":"p1","collection":"c2","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c2/h1/{p1-c2-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h2}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h2","filename":"f.txt","r2_key":"{vault}/p1/c1/h2/{p1-c1-h2}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h1}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c1/h1/{p1-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":null,"has_more":false}',
        },
      },
      {
        name: "a page",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?limit=2" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p1-c1-h1b}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1b","filename":"f.txt","r2_key":"{vault}/p1/c1/h1b/{p1-c1-h1b}_f.txt","size":7,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p2-c1-h1}","vault_id":"{vault}","partition":"p2","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p2/c1/h1/{p2-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":"{cursor}","has_more":true}',
        },
      },
      {
        name: "the next page",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?limit=2&cursor={cursor}" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p1-c2-h1}","vault_id":"{vault}","partition":"p1","collection":"c2","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c2/h1/{p1-c2-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h2}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h2","filename":"f.txt","r2_key":"{vault}/p1/c1/h2/{p1-c1-h2}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":"{cursor}","has_more":true}',
        },
      },
      {
        name: "the last page",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?limit=2&cursor={cursor}" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p1-c1-h1}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c1/h1/{p1-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":null,"has_more":false}',
        },
      },
      {
        name: "by partition",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?partition=p1" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p1-c1-h1b}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1b","filename":"f.txt","r2_key":"{vault}/p1/c1/h1b/{p1-c1-h1b}_f.txt","size":7,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c2-h1}","vault_id":"{vault}","partition":"p1","collection":"c2","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c2/h1/{p1-c2-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h2}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h2","filename":"f.txt","r2_key":"{vault}/p1/c1/h2/{p1-c1-h2}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h1}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c1/h1/{p1-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":null,"has_more":false}',
        },
      },
      {
        name: "by collection",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?collection=c1" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p1-c1-h1b}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1b","filename":"f.txt","r2_key":"{vault}/p1/c1/h1b/{p1-c1-h1b}_f.txt","size":7,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p2-c1-h1}","vault_id":"{vault}","partition":"p2","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p2/c1/h1/{p2-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h2}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h2","filename":"f.txt","r2_key":"{vault}/p1/c1/h2/{p1-c1-h2}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h1}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c1/h1/{p1-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":null,"has_more":false}',
        },
      },
      {
        name: "by channel",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?channel=h1" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p2-c1-h1}","vault_id":"{vault}","partition":"p2","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p2/c1/h1/{p2-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c2-h1}","vault_id":"{vault}","partition":"p1","collection":"c2","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c2/h1/{p1-c2-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h1}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c1/h1/{p1-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":null,"has_more":false}',
        },
      },
      {
        name: "by partition and collection",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?partition=p1&collection=c1" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p1-c1-h1b}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1b","filename":"f.txt","r2_key":"{vault}/p1/c1/h1b/{p1-c1-h1b}_f.txt","size":7,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h2}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h2","filename":"f.txt","r2_key":"{vault}/p1/c1/h2/{p1-c1-h2}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h1}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c1/h1/{p1-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":null,"has_more":false}',
        },
      },
      {
        name: "by partition and channel",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?partition=p1&channel=h1" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p1-c2-h1}","vault_id":"{vault}","partition":"p1","collection":"c2","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c2/h1/{p1-c2-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h1}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c1/h1/{p1-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":null,"has_more":false}',
        },
      },
      {
        name: "by collection and channel",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?collection=c1&channel=h1" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p2-c1-h1}","vault_id":"{vault}","partition":"p2","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p2/c1/h1/{p2-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h1}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c1/h1/{p1-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":null,"has_more":false}',
        },
      },
      {
        name: "by all three",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?partition=p1&collection=c1&channel=h1" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p1-c1-h1}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c1/h1/{p1-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":null,"has_more":false}',
        },
      },
      {
        name: "by what nothing has",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?partition=p3" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[],"cursor":null,"has_more":false}',
        },
      },
      {
        name: "a page by partition",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?partition=p1&limit=3" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p1-c1-h1b}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1b","filename":"f.txt","r2_key":"{vault}/p1/c1/h1b/{p1-c1-h1b}_f.txt","size":7,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c2-h1}","vault_id":"{vault}","partition":"p1","collection":"c2","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c2/h1/{p1-c2-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h2}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h2","filename":"f.txt","r2_key":"{vault}/p1/c1/h2/{p1-c1-h2}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":"{cursor}","has_more":true}',
        },
      },
      {
        name: "the next page by partition",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?partition=p1&limit=3&cursor={cursor}" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p1-c1-h1}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c1/h1/{p1-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":null,"has_more":false}',
        },
      },
      {
        name: "as many as there can be",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?limit=200" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p1-c1-h1b}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1b","filename":"f.txt","r2_key":"{vault}/p1/c1/h1b/{p1-c1-h1b}_f.txt","size":7,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p2-c1-h1}","vault_id":"{vault}","partition":"p2","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p2/c1/h1/{p2-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c2-h1}","vault_id":"{vault}","partition":"p1","collection":"c2","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c2/h1/{p1-c2-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h2}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h2","filename":"f.txt","r2_key":"{vault}/p1/c1/h2/{p1-c1-h2}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"},{"id":"{p1-c1-h1}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c1/h1/{p1-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":null,"has_more":false}',
        },
      },
    ],
  },
  {
    name: "list, refused",
    exchanges: [
      {
        name: "without a key",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets", anonymous: true },
        answer: {
          status: 401,
          headers: ["cache-control", "content-length", "content-type", "www-authenticate"],
          body: '{"error":{"code":"UNAUTHORIZED","message":"{message}","status":401}}',
        },
      },
      {
        name: "a limit of 0",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?limit=0" },
        mentions: ["limit"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "a limit of 201",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?limit=201" },
        mentions: ["limit"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "a limit of -1",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?limit=-1" },
        mentions: ["limit"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "a limit of x",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?limit=x" },
        mentions: ["limit"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "a limit of 1.5",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?limit=1.5" },
        mentions: ["limit"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "a limit of nothing",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?limit=" },
        mentions: ["limit"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "a cursor that is none",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?cursor=x" },
        mentions: ["cursor"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "upload to p1/c1/h1",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "p1"],
            ["collection", "c1"],
            ["channel", "h1"],
            ["file", { filename: "f.txt", type: "text/plain", text: "p1c1h1" }],
          ],
        },
        saves: "p1-c1-h1",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{p1-c1-h1}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h1","filename":"f.txt","r2_key":"{vault}/p1/c1/h1/{p1-c1-h1}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "upload to p1/c1/h2",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "p1"],
            ["collection", "c1"],
            ["channel", "h2"],
            ["file", { filename: "f.txt", type: "text/plain", text: "p1c1h2" }],
          ],
        },
        saves: "p1-c1-h2",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{p1-c1-h2}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h2","filename":"f.txt","r2_key":"{vault}/p1/c1/h2/{p1-c1-h2}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "a page by partition",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?partition=p1&limit=1" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{p1-c1-h2}","vault_id":"{vault}","partition":"p1","collection":"c1","channel":"h2","filename":"f.txt","r2_key":"{vault}/p1/c1/h2/{p1-c1-h2}_f.txt","size":6,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":"{cursor}","has_more":true}',
        },
      },
      {
        name: "its cursor with another filter",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?partition=p2&cursor={cursor}" },
        mentions: ["cursor", "partition"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "its cursor without the filter",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?cursor={cursor}" },
        mentions: ["cursor", "partition"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "a partition that breaks the pattern",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?partition=A_" },
        mentions: ["partition"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "a collection that breaks the pattern",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?collection=A_" },
        mentions: ["collection"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "a channel that breaks the pattern",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets?channel=A_" },
        mentions: ["channel"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
    ],
  },
  {
    name: "get",
    exchanges: [
      {
        name: "upload",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["metadata", '{"alt":"A cat"}'],
            ["tags", '["hero"]'],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        saves: "cat",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{cat}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{cat}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{\\"alt\\":\\"A cat\\"}","tags":"[\\"hero\\"]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "an asset",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets/{cat}" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type", "etag"],
          body: '{"id":"{cat}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{cat}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{\\"alt\\":\\"A cat\\"}","tags":"[\\"hero\\"]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "without a key",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets/{cat}", anonymous: true },
        answer: {
          status: 401,
          headers: ["cache-control", "content-length", "content-type", "www-authenticate"],
          body: '{"error":{"code":"UNAUTHORIZED","message":"{message}","status":401}}',
        },
      },
      {
        name: "an id that no asset has",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets/asset_01arz3ndektsv4rrffq69g5fav" },
        answer: {
          status: 404,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"ASSET_NOT_FOUND","message":"{message}","status":404}}',
        },
      },
      {
        name: "an id that cannot be one",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets/x" },
        answer: {
          status: 404,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"ASSET_NOT_FOUND","message":"{message}","status":404}}',
        },
      },
      {
        name: "another method",
        request: { method: "POST", path: "/api/v1/vaults/{vault}/assets/{cat}" },
        answer: {
          status: 405,
          headers: ["allow", "cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"METHOD_NOT_ALLOWED","message":"{message}","status":405}}',
        },
      },
    ],
  },
  {
    name: "update",
    exchanges: [
      {
        name: "upload",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["metadata", '{"alt":"A cat","by":{"name":"x"},"n":1}'],
            ["tags", '["hero","old"]'],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        saves: "cat",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{cat}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{cat}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{\\"alt\\":\\"A cat\\",\\"by\\":{\\"name\\":\\"x\\"},\\"n\\":1}","tags":"[\\"hero\\",\\"old\\"]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "metadata, merged",
        request: {
          method: "PATCH",
          path: "/api/v1/vaults/{vault}/assets/{cat}",
          headers: { "Content-Type": "application/json" },
          body: '{"metadata":{"alt":"Two cats","by":{"age":2},"n":null,"new":[1]}}',
        },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type", "etag"],
          body: '{"id":"{cat}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{cat}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{\\"alt\\":\\"Two cats\\",\\"by\\":{\\"age\\":2},\\"n\\":null,\\"new\\":[1]}","tags":"[\\"hero\\",\\"old\\"]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "tags, replaced",
        request: {
          method: "PATCH",
          path: "/api/v1/vaults/{vault}/assets/{cat}",
          headers: { "Content-Type": "application/json" },
          body: '{"tags":["featured","a","a"]}',
        },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type", "etag"],
          body: '{"id":"{cat}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{cat}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{\\"alt\\":\\"Two cats\\",\\"by\\":{\\"age\\":2},\\"n\\":null,\\"new\\":[1]}","tags":"[\\"featured\\",\\"a\\",\\"a\\"]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "both",
        request: {
          method: "PATCH",
          path: "/api/v1/vaults/{vault}/assets/{cat}",
          headers: { "Content-Type": "application/json" },
          body: '{"metadata":{"alt":"Three cats"},"tags":["hero","blog","featured"]}',
        },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type", "etag"],
          body: '{"id":"{cat}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{cat}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{\\"alt\\":\\"Three cats\\",\\"by\\":{\\"age\\":2},\\"n\\":null,\\"new\\":[1]}","tags":"[\\"hero\\",\\"blog\\",\\"featured\\"]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "empty metadata and no tags",
        request: {
          method: "PATCH",
          path: "/api/v1/vaults/{vault}/assets/{cat}",
          headers: { "Content-Type": "application/json" },
          body: '{"metadata":{},"tags":[]}',
        },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type", "etag"],
          body: '{"id":"{cat}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{cat}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{\\"alt\\":\\"Three cats\\",\\"by\\":{\\"age\\":2},\\"n\\":null,\\"new\\":[1]}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "what it has become",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets/{cat}" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type", "etag"],
          body: '{"id":"{cat}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{cat}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{\\"alt\\":\\"Three cats\\",\\"by\\":{\\"age\\":2},\\"n\\":null,\\"new\\":[1]}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "nothing",
        request: {
          method: "PATCH",
          path: "/api/v1/vaults/{vault}/assets/{cat}",
          headers: { "Content-Type": "application/json" },
          body: "{}",
        },
        mentions: ["metadata", "tags"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "metadata that is no object",
        request: {
          method: "PATCH",
          path: "/api/v1/vaults/{vault}/assets/{cat}",
          headers: { "Content-Type": "application/json" },
          body: '{"metadata":"x"}',
        },
        mentions: ["metadata"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "tags that are no strings",
        request: {
          method: "PATCH",
          path: "/api/v1/vaults/{vault}/assets/{cat}",
          headers: { "Content-Type": "application/json" },
          body: '{"tags":[1]}',
        },
        mentions: ["tags"],
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "what is no JSON",
        request: {
          method: "PATCH",
          path: "/api/v1/vaults/{vault}/assets/{cat}",
          headers: { "Content-Type": "application/json" },
          body: "{",
        },
        answer: {
          status: 400,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"INVALID_PARAMS","message":"{message}","status":400}}',
        },
      },
      {
        name: "without a key",
        request: {
          method: "PATCH",
          path: "/api/v1/vaults/{vault}/assets/{cat}",
          headers: { "Content-Type": "application/json" },
          body: '{"tags":[]}',
          anonymous: true,
        },
        answer: {
          status: 401,
          headers: ["cache-control", "content-length", "content-type", "www-authenticate"],
          body: '{"error":{"code":"UNAUTHORIZED","message":"{message}","status":401}}',
        },
      },
      {
        name: "an id that no asset has",
        request: {
          method: "PATCH",
          path: "/api/v1/vaults/{vault}/assets/asset_01arz3ndektsv4rrffq69g5fav",
          headers: { "Content-Type": "application/json" },
          body: '{"tags":[]}',
        },
        answer: {
          status: 404,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"ASSET_NOT_FOUND","message":"{message}","status":404}}',
        },
      },
      {
        name: "still what it was",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets/{cat}" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type", "etag"],
          body: '{"id":"{cat}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{cat}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{\\"alt\\":\\"Three cats\\",\\"by\\":{\\"age\\":2},\\"n\\":null,\\"new\\":[1]}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
    ],
  },
  {
    name: "delete",
    exchanges: [
      {
        name: "upload",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        saves: "cat",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{cat}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{cat}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "upload another",
        request: {
          method: "POST",
          path: "/api/v1/vaults/{vault}/assets",
          form: [
            ["partition", "marketing"],
            ["collection", "blog"],
            ["channel", "hero-images"],
            ["file", { filename: "hello.txt", type: "text/plain", text: "hello" }],
          ],
        },
        saves: "dog",
        answer: {
          status: 201,
          headers: ["cache-control", "content-length", "content-type", "etag", "location"],
          body: '{"id":"{dog}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{dog}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}',
        },
      },
      {
        name: "without a key",
        request: { method: "DELETE", path: "/api/v1/vaults/{vault}/assets/{cat}", anonymous: true },
        answer: {
          status: 401,
          headers: ["cache-control", "content-length", "content-type", "www-authenticate"],
          body: '{"error":{"code":"UNAUTHORIZED","message":"{message}","status":401}}',
        },
      },
      {
        name: "an asset",
        request: { method: "DELETE", path: "/api/v1/vaults/{vault}/assets/{cat}" },
        answer: { status: 204, headers: [], body: "" },
      },
      {
        name: "it again",
        request: { method: "DELETE", path: "/api/v1/vaults/{vault}/assets/{cat}" },
        answer: {
          status: 404,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"ASSET_NOT_FOUND","message":"{message}","status":404}}',
        },
      },
      {
        name: "it is gone",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets/{cat}" },
        answer: {
          status: 404,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"ASSET_NOT_FOUND","message":"{message}","status":404}}',
        },
      },
      {
        name: "it cannot be updated",
        request: {
          method: "PATCH",
          path: "/api/v1/vaults/{vault}/assets/{cat}",
          headers: { "Content-Type": "application/json" },
          body: '{"tags":[]}',
        },
        answer: {
          status: 404,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"ASSET_NOT_FOUND","message":"{message}","status":404}}',
        },
      },
      {
        name: "it is in no list; the other is",
        request: { method: "GET", path: "/api/v1/vaults/{vault}/assets" },
        answer: {
          status: 200,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"data":[{"id":"{dog}","vault_id":"{vault}","partition":"marketing","collection":"blog","channel":"hero-images","filename":"hello.txt","r2_key":"{vault}/marketing/blog/hero-images/{dog}_hello.txt","size":5,"mime_type":"text/plain","width":null,"height":null,"metadata":"{}","tags":"[]","created_at":"{time}","updated_at":"{time}"}],"cursor":null,"has_more":false}',
        },
      },
      {
        name: "an id that no asset has",
        request: { method: "DELETE", path: "/api/v1/vaults/{vault}/assets/asset_01arz3ndektsv4rrffq69g5fav" },
        answer: {
          status: 404,
          headers: ["cache-control", "content-length", "content-type"],
          body: '{"error":{"code":"ASSET_NOT_FOUND","message":"{message}","status":404}}',
        },
      },
    ],
  },
];
