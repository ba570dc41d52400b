import type { Command } from "../command.ts";
import { cat } from "./cat.ts";
import { exportRecords } from "./export.ts";
import { importRecords } from "./import.ts";
import { get } from "./get.ts";
import { createKey, listKeys, revokeKey, setKey } from "./keys.ts";
import { link } from "./link.ts";
import { login } from "./login.ts";
import { ls } from "./ls.ts";
import { mv } from "./mv.ts";
import { put } from "./put.ts";
import { rm } from "./rm.ts";
import { set } from "./set.ts";
import { show } from "./show.ts";
import { ticket } from "./ticket.ts";
import { createVault, listVaults, reconcileVault, removeVault, setVault, showVault } from "./vaults.ts";
import { watch } from "./watch.ts";

/** Every command but `start`, which is none of the API's, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  ls,
  put,
  get,
  cat,
  show,
  set,
  mv,
  rm,
  link,
  ticket,
  exportRecords,
  importRecords,
  watch,
  listKeys,
  createKey,
  setKey,
  revokeKey,
  listVaults,
  createVault,
  showVault,
  setVault,
  removeVault,
  reconcileVault,
  login,
];
