/**
 * The methods that the router calls as reads, which a vault answers without waiting for anything. The router sets no timer
 * for these, so they are never left hanging. test/local/architecture.test.ts compares them with the sources.
 */
export const VAULT_READS: readonly string[] = [
  "describeVault",
  "getAsset",
  "getTicket",
  "listAssets",
  "listChanges",
  "listFolders",
  "listKeys",
  "locateContent",
  "mintTicket",
];
