/** A list of the API that is loaded page by page. */

import { type Signal, signal } from "@preact/signals";
import type { Page } from "../../client/index.ts";

export class Paged<T extends { readonly id: string }> {
  readonly #read: (asked: { cursor?: string }) => PromiseLike<Page<T>>;
  #cursor: string | null = null;

  /** Undefined until the first page is there. */
  readonly items: Signal<readonly T[] | undefined> = signal(undefined);
  readonly error: Signal<unknown> = signal(undefined);
  readonly hasMore: Signal<boolean> = signal(false);
  readonly isLoading: Signal<boolean> = signal(false);

  constructor(read: (asked: { cursor?: string }) => PromiseLike<Page<T>>) {
    this.#read = read;
  }

  /** Loads the first page. */
  readonly load = (): Promise<void> => this.#page({});

  /** Loads the page after the last one. */
  readonly more = (): Promise<void> => this.#page(this.#cursor === null ? {} : { cursor: this.#cursor });

  protected prepend(item: T): void {
    this.items.value = [item, ...(this.items.value ?? [])];
  }

  protected replace(item: T): void {
    this.items.value = this.items.value?.map((each) => (each.id === item.id ? item : each));
  }

  async #page(asked: { cursor?: string }): Promise<void> {
    if (this.isLoading.value) return;
    this.isLoading.value = true;
    try {
      const page = await this.#read(asked);
      this.items.value = [...(asked.cursor === undefined ? [] : (this.items.value ?? [])), ...page.data];
      this.#cursor = page.cursor;
      this.hasMore.value = page.has_more;
      this.error.value = undefined;
    } catch (error) {
      this.error.value = error;
    } finally {
      this.isLoading.value = false;
    }
  }
}
