import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { KithError } from '../core/errors.ts';
import type { ApiKeys, GalleryIndex, IndexStats } from '../core/ports.ts';
import { admit, bearerToken } from '../dialects/http/admit.ts';
import { refuseBoundKey } from '../dialects/http/key-bounds.ts';

export interface MetricsDeps {
  readonly keys: Pick<ApiKeys, 'authenticate'>;
  readonly index: Pick<GalleryIndex, 'stats'>;
}

/** From an inline search to the deadline of a request, seconds. */
const SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];

/**
 * `/metrics` in the text format of Prometheus, for keys that may read the audit log: routes go by their patterns, and no
 * number tells of a gallery or a person.
 */
export function addMetrics(app: FastifyInstance, { keys, index }: MetricsDeps): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addIndexMetrics(registry, index);
  const requests = new Histogram({
    name: 'kith_http_request_seconds',
    help: 'Time from a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    const labels = { method: request.method, route: request.routeOptions.url ?? 'none', status: reply.statusCode };
    requests.observe(labels, reply.elapsedTime / 1000);
  });
  app.get('/metrics', { config: { permission: 'audit' } }, async (request, reply) => {
    try {
      refuseBoundKey(await admit(keys, bearerToken(request.headers.authorization), 'audit'));
    } catch (error) {
      if (!(error instanceof KithError)) throw error;
      const status = error.problem.kind === 'unauthenticated' ? 401 : 403;
      if (status === 401) reply.header('www-authenticate', 'Bearer');
      return reply.code(status).send({ error: { code: String(status), message: error.message } });
    }
    return reply
      .type(registry.contentType)
      .header('cache-control', 'no-store')
      .send(await registry.metrics());
  });
}

function addIndexMetrics(registry: Registry, index: Pick<GalleryIndex, 'stats'>): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: (stats: IndexStats) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(read(await index.stats()));
      },
    });
  };
  const counter = (name: string, help: string, read: (stats: IndexStats) => number): void => {
    new Counter({
      name,
      help,
      registers,
      async collect() {
        const count = read(await index.stats());
        this.reset();
        this.inc(count);
      },
    });
  };
  gauge('kith_index_galleries', 'Galleries with at least one template in memory.', ({ galleries }) => galleries);
  gauge('kith_index_enrolments', 'Templates in memory.', ({ enrolments }) => enrolments);
  gauge('kith_index_reserved_bytes', 'Memory held for templates.', ({ reservedBytes }) => reservedBytes);
  gauge('kith_index_live_bytes', 'Memory taken by live templates.', ({ liveBytes }) => liveBytes);
  gauge('kith_index_threads', 'Threads that search.', ({ threads }) => threads);
  gauge('kith_index_fast_kernel', '1 unless the plain kernel runs.', ({ kernel }) => (kernel === 'plain' ? 0 : 1));
  counter('kith_searches_total', 'Searches of galleries.', ({ searches }) => searches);
  gauge('kith_searches_queued', 'Searches that wait for a thread.', ({ queued }) => queued);
  counter('kith_searches_refused_total', 'Searches refused because too many waited.', ({ refusedBusy }) => refusedBusy);
  gauge(
    'kith_search_recall',
    'Share of fast searches that name whom the exact scan names first, as answers carry it.',
    ({ recall }) => recall.estimate,
  );
  gauge(
    'kith_search_recall_lower_bound',
    'One-sided 95 % bound on that share from the samples alone; 0 before there are any.',
    ({ recall }) => recall.lowerBound,
  );
  counter('kith_search_recall_samples_total', 'Searches run again exactly.', ({ recall }) => recall.sampled);
  counter('kith_search_recall_missed_total', 'Samples that named another.', ({ recall }) => recall.missed);
}
