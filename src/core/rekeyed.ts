import { KithError, type Resource } from './errors.ts';

const KEYED: readonly Resource[] = ['gallery', 'person'];

/** Does it once more when the gallery's key, or a person's, was replaced between the reading of the old one and the writing. */
export async function againIfRekeyed<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof KithError)) throw error;
    const { problem } = error;
    if (problem.kind !== 'conflict' || !KEYED.includes(problem.resource)) throw error;
    return act();
  }
}
