/**
 * Which endpoint of the API each method of the client calls, by the endpoint's id. `assets`, `changes`, `folders`,
 * `keys`, `tickets` and `uploads` are of a `Strongroom`, `vaults` of a `StrongroomAdmin`. `assets.uploadMany` calls what `assets.upload` does, and
 * `changes.watch` what `changes.list` does.
 */
export const METHODS = {
  "assets.upload": "assets.create",
  "assets.list": "assets.list",
  "assets.get": "assets.get",
  "assets.update": "assets.update",
  "assets.delete": "assets.delete",
  "assets.batch": "assets.batch",
  "assets.deleteFolder": "assets.deleteFolder",
  "assets.download": "content.get",
  "assets.downloadAt": "files.get",
  "assets.createLink": "links.create",
  "changes.list": "changes.list",
  "folders.list": "folders.list",
  "keys.create": "keys.create",
  "keys.list": "keys.list",
  "keys.update": "keys.update",
  "keys.revoke": "keys.revoke",
  "tickets.create": "tickets.create",
  "tickets.get": "tickets.get",
  "uploads.cancel": "uploads.delete",
  "vaults.create": "vaults.create",
  "vaults.list": "vaults.list",
  "vaults.get": "vaults.get",
  "vaults.update": "vaults.update",
  "vaults.delete": "vaults.delete",
  "vaults.reconcile": "vaults.reconcile",
  "vaults.clearLostWindows": "vaults.clearLostWindows",
} as const;
