import type { Command } from 'commander';
import type { RunCommand } from './program.ts';
export function addDemoCommand(_p: Command, _r: RunCommand): void {}
