import Type from 'typebox';

/** How the service is: numbers only. */
export const Status = Type.Object({
  version: Type.String({ description: 'Of the Kith that runs.' }),
  uptimeS: Type.Number(),
  memoryBytes: Type.Integer({ description: 'Of the whole service.' }),
  faces: Type.Integer({ description: 'Templates that can be searched, of every gallery.' }),
  indexBytes: Type.Integer(),
  searches: Type.Integer({ description: 'Since the start.' }),
  searchesQueued: Type.Integer(),
  fastKernel: Type.Boolean(),
  recall: Type.Number({ description: 'Measured share of fast searches that name whom the exact scan names first.' }),
  recallSamples: Type.Integer(),
  freeDiskBytes: Type.Optional(Type.Integer({ description: 'On the disk of the data directory.' })),
  lastBackup: Type.Optional(
    Type.Object(
      { finishedAt: Type.String({ format: 'date-time' }), bytes: Type.Integer() },
      { description: 'By `kith backup`, of this data directory; left out before the first.' },
    ),
  ),
  lastHour: Type.Array(
    Type.Object({
      at: Type.String({ format: 'date-time' }),
      requestsPerS: Type.Number(),
      identifications: Type.Integer(),
      medianMs: Type.Optional(Type.Number({ description: 'Of identifications, from request to answer.' })),
      p95Ms: Type.Optional(Type.Number()),
      mostQueued: Type.Integer({ description: 'Searches that waited at once.' }),
    }),
    { description: 'Minute by minute since the start, 60 at most, oldest first; the last one is under way.' },
  ),
});
