import type { Config } from '../../config.ts';
import { canOpenKeyCheck } from '../../master-key-source.ts';
import { KEY_CHECK } from '../../open-store.ts';
import { packageVersion } from '../../package-version.ts';
import { describeServer, type ServerFacts } from '../../store/postgres/describe-server.ts';
import { openPrimaryPool } from '../../store/postgres/primary-pool.ts';
import { count } from '../words.ts';
import { type Check, type Finding, fault, note, ok } from './finding.ts';

const OLDEST_SERVER = 15;
/** Expiry and retention go by each node's clock. */
const CLOCK_NOTE_MS = 1000;
const CLOCK_FAULT_MS = 60_000;

/** The store that several nodes share. */
export const checkPostgres: Check = async (config) => {
  const { storeUrl } = config;
  if (storeUrl === undefined) return undefined;
  const pool = openPrimaryPool(storeUrl);
  try {
    const facts = await describeServer(pool, KEY_CHECK.probeId);
    const findings = [describeVersion(facts), schemaFinding(facts), ...accessFindings(facts), clockFinding(facts)];
    if (config.searchIn === 'postgres') findings.push(searchFinding(facts));
    findings.push(...nodeFindings(facts));
    if (facts.keyCheck) findings.push(await masterKeyFinding(config, facts.keyCheck));
    return findings;
  } finally {
    await pool.close();
  }
};

function describeVersion({ serverVersion }: ServerFacts): Finding {
  const major = Number.parseInt(serverVersion, 10);
  return major >= OLDEST_SERVER
    ? ok(`PostgreSQL ${serverVersion} answers, and takes writes`)
    : fault(`PostgreSQL ${serverVersion} is too old: ${OLDEST_SERVER} or newer is needed`);
}

function schemaFinding({ schema }: ServerFacts): Finding {
  if (!schema) return note("Kith's tables are not there yet; the first start makes them");
  const { version, known, oldestReader } = schema;
  if (version > known) {
    const newer = `the tables are of a newer Kith (schema ${version}, this one knows ${known})`;
    return oldestReader > known
      ? fault(`${newer}, which took away what this one needs: start the newer one`)
      : note(`${newer}; this one can work on them until it is replaced`);
  }
  return version === known
    ? ok(`the tables are of this version (schema ${known})`)
    : note(`the tables are of an older Kith (schema ${version}): the first node of this one brings them to ${known}`);
}

function accessFindings({ role, seesAllTenants, isEncrypted, isLocal }: ServerFacts): Finding[] {
  return [
    seesAllTenants
      ? note(`the role ${role} sees over row-level security: give Kith one that is no superuser and has no BYPASSRLS`)
      : ok(`row-level security holds for the role ${role}`),
    ...(isEncrypted || isLocal
      ? []
      : [note('the way to the database is not encrypted: add ?sslmode=verify-full to KITH_STORE')]),
  ];
}

function clockFinding({ clockAheadMs }: ServerFacts): Finding {
  const apartMs = Math.abs(clockAheadMs);
  const said = `the clocks of this machine and of the database are ${(apartMs / 1000).toFixed(1)} s apart`;
  const finding =
    apartMs > CLOCK_FAULT_MS ? fault(`${said}: set them`) : apartMs > CLOCK_NOTE_MS ? note(said) : ok(said);
  return { ...finding, check: 'time' };
}

function searchFinding({ pgvector, hasPgvector }: ServerFacts): Finding {
  const check = 'search';
  if (pgvector !== undefined) return { ...ok(`pgvector ${pgvector} is there`), check };
  return hasPgvector
    ? { ...note('pgvector is not in this database yet; the first start makes it, if the role may'), check }
    : { ...fault('the server has no pgvector, which KITH_SEARCH=postgres needs: install it there'), check };
}

function nodeFindings({ nodes }: ServerFacts): Finding[] {
  if (nodes.length === 0) return [];
  const others = nodes.filter(({ version }) => version !== packageVersion());
  const names = others.map(({ name, version }) => `${name} (${version})`).join(', ');
  const finding =
    others.length === 0
      ? ok(`${count(nodes.length, 'node')} at work, of this version`)
      : note(`${count(nodes.length, 'node')} at work, of other versions: ${names}`);
  return [{ ...finding, check: 'nodes' }];
}

async function masterKeyFinding(config: Config, sealed: Uint8Array): Promise<Finding> {
  const isSame = await canOpenKeyCheck(config, sealed);
  const finding = isSame
    ? ok('it is the master key of the other nodes')
    : fault('the other nodes have another master key: give every node the same one');
  return { ...finding, check: 'master key' };
}
