// What an operator at his desk can find out about a service: the way to it, and what it says of itself.

import type { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import type { Static } from 'typebox';
import { AuditStatus } from '../../dialects/kith/audit-wire.ts';
import { Status } from '../../dialects/kith/status-wire.ts';
import { packageVersion } from '../../package-version.ts';
import { duration } from '../rate-meter.ts';
import { pathTo } from '../service/path-to.ts';
import type { ServiceClient } from '../service/service-client.ts';
import { ServiceError } from '../service/service-error.ts';
import { isLoopback } from '../service/service-options.ts';
import { count } from '../words.ts';
import { type Finding, fault, type Look, note, ok } from './finding.ts';
import { describeTerm } from './tls-check.ts';

/** HTTP's clock has whole seconds, and the answer was on its way. */
const CLOCK_SLACK_MS = 2000;
/** Consents, keys and retention are told by the clock, so that minutes are worth mending. */
const CLOCK_FAULT_MS = 60_000;
const SHOW_CERTIFICATE_MS = 10_000;
const LOW_DISK_BYTES = 1e9;
const BACKUP_OLD_MS = 7 * 86_400_000;
const CHECK_OLD_MS = 2 * 86_400_000;
const LONG_QUEUE = 100;
/** What `/health` answers. */
const HEALTHY = JSON.stringify({ status: 'ok' });

/** In the order in which one part needs the other. */
export const SERVICE_CHECKS: readonly (readonly [name: string, check: Look<ServiceClient>])[] = [
  ['tls', checkCertificate],
  ['reach', checkReach],
  ['ready', checkReady],
  ['status', checkStatus],
  ['audit', checkAudit],
];

async function checkCertificate({ baseUrl, ca }: ServiceClient): Promise<Finding | undefined> {
  if (!baseUrl.startsWith('https:')) {
    if (isLoopback(new URL(baseUrl).hostname)) return ok('plain HTTP, to this machine itself');
    return note(`${baseUrl} is plain HTTP: whoever is on the way can read along`);
  }
  const certificate = await shownCertificate(new URL(baseUrl), ca);
  // Why there is none is told by the request that follows
  return certificate && describeTerm(certificate);
}

/** Whoever made it: whether it is trusted is told by the request that follows. */
function shownCertificate({ hostname, port }: URL, ca: string | undefined): Promise<X509Certificate | undefined> {
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: Number(port || 443),
      rejectUnauthorized: false,
      timeout: SHOW_CERTIFICATE_MS,
      // A server name is a name, no address
      ...(/[a-z]/i.test(host) && !host.includes(':') ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
    });
    const end = (certificate?: X509Certificate) => {
      socket.destroy();
      resolve(certificate);
    };
    socket.once('secureConnect', () => end(socket.getPeerX509Certificate()));
    socket.once('timeout', () => end());
    socket.once('error', () => end());
  });
}

async function checkReach(service: ServiceClient): Promise<readonly Finding[]> {
  const startMs = Date.now();
  const { status, headers, text } = await service.look('/health');
  const endMs = Date.now();
  if (status !== 200 || text !== HEALTHY) {
    throw new ServiceError(`What answers at ${service.baseUrl} (${status}) is no Kith service.`, { status });
  }
  return [
    ok(`${service.baseUrl} answers within ${endMs - startMs} ms`),
    ...clockFindings(headers.date, startMs, endMs),
  ];
}

function clockFindings(date: string | string[] | undefined, startMs: number, endMs: number): readonly Finding[] {
  const thereMs = Date.parse(String(date));
  if (!Number.isFinite(thereMs)) return [];
  // Its time was cut down to the second, at some moment between question and answer
  const behindMs = startMs - (thereMs + 999);
  const aheadMs = thereMs - endMs;
  const offMs = Math.max(behindMs, aheadMs, 0);
  const time = (finding: Finding): readonly Finding[] => [{ ...finding, check: 'time' }];
  if (offMs <= CLOCK_SLACK_MS) return time(ok('its clock agrees with the one here'));
  const message = `its clock is ${duration(offMs / 1000)} ${behindMs > 0 ? 'behind' : 'ahead of'} the one here`;
  return time(offMs > CLOCK_FAULT_MS ? fault(`${message}: set the one that is wrong`) : note(message));
}

async function checkReady(service: ServiceClient): Promise<Finding> {
  const { status } = await service.look('/health/ready');
  return status === 200
    ? ok('it is ready: its store answers, and its index follows')
    : fault('it is not ready: it is still starting, or its store does not answer; its log says which');
}

async function checkStatus(service: ServiceClient): Promise<readonly Finding[]> {
  const status = await asked(service, 'status', Status);
  return 'outcome' in status ? [status] : [...statusFindings(status)];
}

function* statusFindings(status: Static<typeof Status>): Generator<Finding> {
  const { version, uptimeS, searchesQueued, fastKernel, freeDiskBytes, lastBackup, faces } = status;
  const here = packageVersion();
  const isSame = version === here;
  yield {
    ...(isSame ? ok(`Kith ${version}, as here`) : note(`Kith ${version}; here it is ${here}`)),
    check: 'version',
  };
  yield ok(`it has run for ${duration(uptimeS)}, with ${count(faces, 'face')} to search`);
  yield { ...queueFinding(searchesQueued), check: 'queue' };
  if (!fastKernel) yield { ...fault('the fast search does not load: searches are slow'), check: 'search' };
  if (freeDiskBytes !== undefined) {
    const said = `${(freeDiskBytes / 1e9).toFixed(1)} GB are free on the disk of its data`;
    yield { ...(freeDiskBytes < LOW_DISK_BYTES ? fault(`only ${said}: make room`) : ok(said)), check: 'disk' };
  }
  yield { ...backupFinding(lastBackup), check: 'backup' };
}

function queueFinding(searchesQueued: number): Finding {
  if (searchesQueued === 0) return ok('no search waits');
  const said = `${count(searchesQueued, 'search', 'searches')} wait`;
  return searchesQueued < LONG_QUEUE ? ok(said) : note(`${said}: it has more to do than it can`);
}

function backupFinding(lastBackup: Static<typeof Status>['lastBackup']): Finding {
  if (!lastBackup) return note('none was made yet by kith backup');
  const ageMs = Date.now() - Date.parse(lastBackup.finishedAt);
  const said = `the last one was made ${ageOf(ageMs)} ago, ${(lastBackup.bytes / 1e6).toFixed(1)} MB`;
  return ageMs > BACKUP_OLD_MS ? note(said) : ok(said);
}

async function checkAudit(service: ServiceClient): Promise<Finding | undefined> {
  const status = await asked(service, 'audit/status', AuditStatus);
  // Said once already
  if ('outcome' in status) return status.outcome === 'fault' ? status : undefined;
  const { state, checkedAt } = status;
  if (state === 'changed') return fault('the audit log is not what was written: kith audit verify says where');
  if (state === 'unchecked' || checkedAt === undefined) {
    return note('the audit log was not checked since the start: kith audit verify does it now');
  }
  const ageMs = Date.now() - Date.parse(checkedAt);
  const said = `the audit log was intact when it was checked ${ageOf(ageMs)} ago`;
  return ageMs > CHECK_OLD_MS ? note(said) : ok(said);
}

/** What needs a key that may read the log. */
async function asked<A extends typeof Status | typeof AuditStatus>(
  service: ServiceClient,
  path: string,
  answers: A,
): Promise<Static<A> | Finding> {
  try {
    return await service.call({ method: 'GET', path: pathTo(...path.split('/')), answers });
  } catch (error) {
    if (error instanceof ServiceError && error.status === 403) {
      return { ...note('this key may not ask for more: one with the permission audit may'), check: 'key' };
    }
    throw error;
  }
}

function ageOf(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  return days > 0 ? count(days, 'day') : duration(Math.max(0, ms) / 1000);
}
