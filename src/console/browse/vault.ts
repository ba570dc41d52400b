import { computed } from "@preact/signals";
import { session } from "../session.ts";

/** The vault whose files one may look at; undefined for whoever signed in as the operator. */
export const openVault = computed(() => (session.value?.kind === "key" ? session.value.vault : undefined));
