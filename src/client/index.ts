/** The client of Strongroom for browsers, Node and Workers. It needs nothing but `fetch`. */

export { StrongroomError } from "./error.ts";
export { Strongroom, StrongroomAdmin, type StrongroomAdminOptions, type StrongroomOptions } from "./strongroom.ts";
export type { Assets } from "./assets.ts";
export type { Changes } from "./changes.ts";
export type { Folders } from "./folders.ts";
export type { Keys } from "./keys.ts";
export type { List } from "./list.ts";
export type { Tickets } from "./tickets.ts";
export type { Uploads } from "./uploads.ts";
export { uploadWithTicket } from "./ticket-upload.ts";
export type { Vaults } from "./vaults.ts";
export type * from "./types.ts";
