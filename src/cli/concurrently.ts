/** Results in the order of the items, with at most `limit` under way; the first failure ends it. */
export async function* mapInOrder<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  let next = 0;
  while (next < items.length || underWay.length > 0) {
    while (underWay.length < limit && next < items.length) {
      const started = work(items[next++] as T);
      // Whoever waits for it gets the failure; until then it is not unhandled
      started.catch(() => undefined);
      underWay.push(started);
    }
    const oldest = underWay.shift();
    if (oldest) yield await oldest;
  }
}

/**
 * Works through the items in their order, `limit` at a time, until all are done or `signal` asks to stop; what is
 * under way is always finished. Throws the first failure, then.
 */
export async function forEachConcurrently<T>(
  items: readonly T[],
  options: { readonly limit: number; readonly signal: AbortSignal },
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !options.signal.aborted && !failed) {
      try {
        await work(items[next++] as T);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(options.limit, items.length) }, worker);
  const outcomes = await Promise.allSettled(workers);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}
