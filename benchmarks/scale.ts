// npm run bench:scale [-- --people 1000000 --queries 200] [--galleries 20000,220000 --seconds 20] [--only search|nodes]:
// 1. The search inside PostgreSQL beside the one in memory, on the same templates of that many made-up people.
// 2. Photos identified by one, two and three nodes over one PostgreSQL for each second of processor time, and a node's
//    memory with galleries of these sizes. Linux only, as it looks into /proc.
import { parseArgs } from 'node:util';
import { printHeading, writeResults } from './report.ts';
import { measureNodes } from './scale/nodes-part.ts';
import { scaleServer } from './scale/scale-server.ts';
import { measureSearch } from './scale/search-part.ts';

const PARTS = ['search', 'nodes'];

const { values: flags } = parseArgs({
  options: {
    people: { type: 'string', default: '100000' },
    queries: { type: 'string', default: '200' },
    galleries: { type: 'string', default: '20000,220000' },
    seconds: { type: 'string', default: '20' },
    only: { type: 'string' },
  },
});
const people = countIn('people', flags.people, 1000);
const queries = countIn('queries', flags.queries, 10);
const seconds = countIn('seconds', flags.seconds, 1);
const galleries = flags.galleries.split(',').map((text) => countIn('galleries', text, 1000));
if (galleries.some((size, i) => i > 0 && size <= (galleries[i - 1] ?? 0)))
  throw new Error('--galleries: each larger than the one before');
if (flags.only !== undefined && !PARTS.includes(flags.only)) throw new Error(`--only: ${PARTS.join(' or ')}`);

const server = scaleServer();
if (flags.only !== 'nodes') {
  printHeading(`The search in memory and inside PostgreSQL, ${people} templates`);
  console.log(`written to ${writeResults('scale-search', await measureSearch(server, { n: people, queries }))}\n`);
}
if (flags.only !== 'search') {
  printHeading(`One, two and three nodes over one PostgreSQL, galleries of ${galleries.join(' and ')} people`);
  console.log(`written to ${writeResults('scale-nodes', await measureNodes(server, { galleries, seconds }))}`);
}

function countIn(flag: string, text: string, least: number): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < least)
    throw new Error(`--${flag}: a whole number of ${least} or more, not "${text}"`);
  return count;
}
