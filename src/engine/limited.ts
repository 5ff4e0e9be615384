/**
 * Works on items with at most `limit` at a time, so that a long list never becomes as many waiting jobs. After a failure
 * no new item is begun, and the promise rejects when those that were begun have ended.
 */
export async function forEachLimited<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true && !failed; next = iterator.next()) {
      await work(next.value).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: limit }, lane));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
