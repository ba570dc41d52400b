import type { NewAsset } from "../../src/model/asset.ts";
import { newAssetId } from "../../src/model/id.ts";
import type { TestVault } from "./api.ts";

/** A new asset in the form in which an upload hands it to the vault. It need not have a body. */
export const newAsset = (vault: TestVault, fields: Partial<NewAsset> = {}): NewAsset => {
  const id = fields.id ?? newAssetId();
  return {
    id,
    partition: "p",
    collection: "c",
    channel: "h",
    filename: "f",
    r2_key: `${vault.id}/p/c/h/${id}_f`,
    size: 10,
    mime_type: "text/plain",
    width: null,
    height: null,
    metadata: "{}",
    tags: "[]",
    sha256: "00",
    ...fields,
  };
};
