import { KithError } from './errors.ts';

/** Does it once more when the gallery got another key between the reading of the old one and the writing. */
export async function againIfRekeyed<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof KithError)) throw error;
    const { problem } = error;
    if (problem.kind !== 'conflict' || problem.resource !== 'gallery') throw error;
    return act();
  }
}
