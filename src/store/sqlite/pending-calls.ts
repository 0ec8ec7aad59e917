import type { WriteMethod } from '../methods.ts';
import type { WriteAnswer, WriteCall } from './writer.ts';

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls on their way to the writer, and who waits for them. */
export class PendingCalls {
  readonly #waiting = new Map<number, Waiting>();
  #lastCallNo = 0;

  get size(): number {
    return this.#waiting.size;
  }

  begin(
    method: WriteMethod,
    args: readonly unknown[],
  ): { readonly call: WriteCall; readonly result: Promise<unknown> } {
    const callNo = ++this.#lastCallNo;
    const result = new Promise((resolve, reject) => this.#waiting.set(callNo, { resolve, reject }));
    return { call: { callNo, method, args }, result };
  }

  settle(answers: readonly WriteAnswer[]): void {
    for (const answer of answers) {
      const waiting = this.#waiting.get(answer.callNo);
      this.#waiting.delete(answer.callNo);
      if ('error' in answer) waiting?.reject(answer.error);
      else waiting?.resolve(answer.result);
    }
  }

  failAll(error: unknown): void {
    this.settle([...this.#waiting.keys()].map((callNo) => ({ callNo, error })));
  }
}
