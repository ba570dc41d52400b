/** The feed of changes. */

import type { AssetRecord } from "../../model/asset.ts";

/** Which part of the feed of changes is asked for. */
export interface ChangesParameters {
  /** Of the page before; without one the feed begins at the beginning. `now`: with what changes from now on. */
  cursor?: string;
  /** Of a page: 1 to 1,000; 200 unless said. */
  limit?: number;
  /** Seconds to wait when there is nothing yet: 0 to 30; 0 unless said. */
  wait?: number;
  /** Whether an asset comes with its `seq` and its file's `sha256`. */
  full?: boolean;
}

/** An asset that was created or has changed, as it is now. */
export interface ChangedAsset {
  type: "asset";
  asset: AssetRecord;
  etag: string;
  /** The asset's place in every list: the revision at which it was created. With `full`. */
  seq?: number;
  /** Of its file, in lower-case hex. With `full`. */
  sha256?: string;
}

/** An asset that was deleted. */
export interface DeletedAsset {
  type: "deleted";
  id: string;
  deleted_at: string;
}

/** A page of the feed of changes. */
export interface ChangesPage {
  data: (ChangedAsset | DeletedAsset)[];
  /** What asks for what comes next, now or later. */
  cursor: string;
  /** Whether there is more already. */
  has_more: boolean;
}
