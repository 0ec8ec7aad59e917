#!/usr/bin/env node
import { EXIT } from './cli/exit-codes.ts';
import { runCli } from './cli/program.ts';

// A reader that has seen enough (kith people list | head) closes the pipe: that is no error, and the end
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.readerGone);
});
// With nobody to tell them to, notes are dropped and the work goes on
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runCli(process.argv.slice(2), process);
