// A process that records without a pause until its standard input ends: `audit-writer.ts <folder> <options as JSON>`.
// It says what it was promised: "ok <record> <person>" once a record is acknowledged, "refused <code> <person>" else.
import { openAuditLog } from '../../src/audit/audit-log.ts';
import { KithError } from '../../src/core/errors.ts';
import { ACTOR, searchEvent } from './audit-logs.ts';

const [folder = '', options = '{}'] = process.argv.slice(2);
const { writers, ...logOptions } = JSON.parse(options) as { readonly writers: number };
const log = await openAuditLog({ folder, clock: { nowMs: Date.now }, part: 'service', ...logOptions });
const audit = log.actingAs(ACTOR);
console.log(`ready ${log.chain}`);

let isEnding = false;
process.stdin.resume().on('end', () => {
  isEnding = true;
});
await Promise.all(
  Array.from({ length: writers }, async (_, writer) => {
    for (let i = 0; !isEnding; i++) {
      const personId = `${process.pid}-${writer}-${i}`;
      try {
        const { seq } = await audit.record(searchEvent(personId));
        console.log(`ok ${seq} ${personId}`);
      } catch (error) {
        if (!(error instanceof KithError)) throw error;
        console.log(`refused ${(error.cause as NodeJS.ErrnoException).code} ${personId}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }),
);
await log.close();
