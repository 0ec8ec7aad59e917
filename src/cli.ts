#!/usr/bin/env node
import { runCli } from './cli/program.ts';

// A reader that has seen enough (kith people list | head) closes the pipe: that is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await runCli(process.argv.slice(2), process);
