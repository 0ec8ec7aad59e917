import { KithError, type Resource } from './errors.ts';

const KEYED: readonly Resource[] = ['gallery', 'person'];

/** One is the rule; more are for keys that are replaced one right after the other. */
const MAX_TRIES = 5;

/** Does it again when the gallery's key, or a person's, was replaced between the reading of the old one and the writing. */
export async function againIfRekeyed<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof KithError) || tries === MAX_TRIES) throw error;
      const { problem } = error;
      if (problem.kind !== 'conflict' || !KEYED.includes(problem.resource)) throw error;
    }
  }
}
