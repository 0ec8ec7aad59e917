import type { Store } from '../../core/storage/store.ts';

/** The port without its promises: what the tables implement, each method one transaction. */
export type SyncStore = {
  readonly [Method in keyof Store]: (...args: Parameters<Store[Method]>) => Awaited<ReturnType<Store[Method]>>;
};
