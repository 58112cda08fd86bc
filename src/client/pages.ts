/** A list that may be longer than one answer: read it item by item, or page by page. */
export interface Pages<Item> extends AsyncIterable<Item> {
  /** All items. For long lists a loop needs less memory. */
  toArray(): Promise<Item[]>;
}

/** Reads page after page as the loop needs them. `read` gets the cursor of the page; undefined: the first one. */
export function pagesOf<Item>(
  read: (cursor: string | undefined) => Promise<{ items: Item[]; nextCursor: string | null }>,
): Pages<Item> {
  async function* items(): AsyncGenerator<Item, void, undefined> {
    let cursor: string | undefined;
    for (;;) {
      const page = await read(cursor);
      yield* page.items;
      if (page.nextCursor === null) return;
      cursor = page.nextCursor;
    }
  }
  return {
    [Symbol.asyncIterator]: items,
    async toArray() {
      const all: Item[] = [];
      for await (const item of items()) all.push(item);
      return all;
    },
  };
}
