// A process that brings a database to the newest schema, says so, and ends. Argument: the database file.
import { writeSync } from 'node:fs';
import { openDatabase } from '../../src/store/sqlite/database.ts';

writeSync(1, 'opening\n');
openDatabase(process.argv[2] ?? '').close();
writeSync(1, 'open\n');
