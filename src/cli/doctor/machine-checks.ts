// The install and the machine that it runs on.
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openEngine } from '../../compose.ts';
import { freeDiskBytes } from '../../free-disk.ts';
import { PACKAGE_FILE, packageVersion } from '../../package-version.ts';
import { loadKernelModule } from '../../search/kernel-module.ts';
import { type Check, fault, ok } from './finding.ts';

const OLDEST_NODE = [20, 19] as const;
const LOW_DISK_BYTES = 1e9;
/** Files that were copied from a machine whose clock is a little ahead are no fault of this one's. */
const CLOCK_SLACK_MS = 86_400_000;

export const checkVersion: Check = async () => ok(`Kith ${packageVersion()}`);

export const checkNode: Check = async () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  return major > oldest || (major === oldest && minor >= oldestMinor)
    ? ok(`Node.js ${process.versions.node}`)
    : fault(`Node.js ${process.versions.node} is too old: install ${oldest}.${oldestMinor} or newer`);
};

export const checkModels: Check = async (config) => {
  const { engine, close } = await openEngine({ ...config, engineProcesses: 1 });
  const names = engine.packs.map(({ packId, version }) => `${packId} ${version}`);
  await close();
  return ok(`models load, their checksums are right: ${names.join(', ')}`);
};

export const checkSearch: Check = async () => {
  const { warning } = await loadKernelModule();
  return warning ? fault(warning) : ok('the fast search loads');
};

export const checkDisk: Check = async ({ dataDir }) => {
  const free = await freeDiskBytes(await nearestThatExists(dataDir));
  const said = `${(free / 1e9).toFixed(1)} GB are free in ${dataDir}`;
  return free < LOW_DISK_BYTES ? fault(`only ${said}: make room`) : ok(said);
};

/** The data directory may be made yet: on the disk of the folder that is there. */
async function nearestThatExists(path: string): Promise<string> {
  if (await stat(path).catch(() => undefined)) return path;
  const parent = dirname(path);
  return parent === path ? path : nearestThatExists(parent);
}

/** No other machine is asked, so only a clock that is far behind is noticed. */
export const checkTime: Check = async () => {
  const nowMs = Date.now();
  const { mtimeMs } = await stat(PACKAGE_FILE);
  const now = new Date(nowMs).toISOString();
  return nowMs + CLOCK_SLACK_MS < mtimeMs
    ? fault(`the clock says ${now}, and this Kith is of ${new Date(mtimeMs).toISOString()}: set the clock`)
    : ok(`the clock says ${now}`);
};
