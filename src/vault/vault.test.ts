import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SEAL_BYTES, UnsealError } from './seal.ts';
import { openVault } from './vault.ts';

const masterKey = new Uint8Array(randomBytes(32));
const vault = await openVault({ masterKey });
const vector = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i) / 16);
const key = vault.newPersonKey('home');
const sealed = vault.sealTemplate('home', key, vector);
const probe = vault.sealProbe('home', vector);

/** The same bytes with one bit turned. */
function altered(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

describe('a template', () => {
  test('comes back bit by bit, from another vault of the same key too', async () => {
    expect(vault.openTemplate('home', key, sealed)).toEqual(vector);
    expect(vault.openProbe('home', probe)).toEqual(vector);
    const again = await openVault({ masterKey });
    expect(again.openTemplate('home', key, sealed)).toEqual(vector);
    expect(again.openProbe('home', probe)).toEqual(vector);
  });

  test('may lie anywhere in its memory', () => {
    const inside = new Float32Array(520).subarray(4, 516);
    inside.set(vector);
    expect(vault.openTemplate('home', key, vault.sealTemplate('home', key, inside))).toEqual(vector);
    const shifted = new Uint8Array(sealed.length + 1);
    shifted.set(sealed, 1);
    expect(vault.openTemplate('home', key, shifted.subarray(1))).toEqual(vector);
  });

  test('is nowhere to be seen in what is stored, and never sealed alike twice', () => {
    const plain = Buffer.from(vector.buffer);
    for (let start = 0; start + 16 <= plain.length; start += 16) {
      expect(Buffer.from(sealed).includes(plain.subarray(start, start + 16))).toBe(false);
    }
    expect(sealed.length).toBe(plain.length + SEAL_BYTES);
    const others = Array.from({ length: 100 }, () => Buffer.from(vault.sealTemplate('home', key, vector)));
    expect(new Set(others.map((bytes) => bytes.subarray(1, 13).toString('hex'))).size).toBe(100);
    expect(new Set(others.map((bytes) => bytes.subarray(13, 29).toString('hex'))).size).toBe(100);
  });

  test('lies in memory of its own, which another thread may be given', () => {
    for (const bytes of [key, sealed, probe]) expect(bytes.buffer.byteLength).toBe(bytes.length);
  });
});

test('keys of several persons and tenants, taken in turn, open what is theirs and nothing else', async () => {
  const persons = ['home', 'home', 'away'].map((tenantId) => {
    const wrappedKey = vault.newPersonKey(tenantId);
    return { tenantId, wrappedKey, sealed: vault.sealTemplate(tenantId, wrappedKey, vector) };
  });
  for (let round = 0; round < 50; round++) {
    for (const [i, { tenantId, wrappedKey, sealed: own }] of persons.entries()) {
      for (let photo = 0; photo <= round % 3; photo++) {
        expect(vault.openTemplate(tenantId, wrappedKey, own)).toEqual(vector);
      }
      for (const [j, other] of persons.entries()) {
        if (i !== j) expect(() => vault.openTemplate(tenantId, wrappedKey, other.sealed)).toThrow(UnsealError);
      }
      // Right after the right one, too
      expect(() => vault.openTemplate(tenantId, altered(wrappedKey, (round * 7) % key.length), own)).toThrow(
        UnsealError,
      );
      expect(() => vault.openTemplate(`${tenantId}x`, wrappedKey, own)).toThrow(UnsealError);
    }
    if (round % 2 === 0) await new Promise(setImmediate);
  }
});

describe('what was altered is not opened', () => {
  test('any byte of a template, of its key, of a probe', () => {
    for (let at = 0; at < sealed.length; at += at < 64 || at > sealed.length - 32 ? 1 : 61) {
      expect(() => vault.openTemplate('home', key, altered(sealed, at))).toThrow(UnsealError);
      expect(() => vault.openProbe('home', altered(probe, at))).toThrow(UnsealError);
    }
    for (let at = 0; at < key.length; at++) {
      expect(() => vault.openTemplate('home', altered(key, at), sealed)).toThrow(UnsealError);
    }
  });

  test('cut or lengthened anywhere', () => {
    for (const length of [0, 1, 12, 13, SEAL_BYTES - 1, SEAL_BYTES, sealed.length - 16, sealed.length - 1]) {
      expect(() => vault.openTemplate('home', key, sealed.subarray(0, length))).toThrow(UnsealError);
    }
    expect(() => vault.openTemplate('home', key, Buffer.concat([sealed, Buffer.alloc(1)]))).toThrow(UnsealError);
    expect(() => vault.openTemplate('home', key.subarray(0, 40), sealed)).toThrow(UnsealError);
  });

  test('of a format to come, with what to make of it', () => {
    const later = Uint8Array.from(sealed);
    later[0] = 2;
    expect(() => vault.openTemplate('home', key, later)).toThrow(/format 2 is not known to this version/);
  });
});

describe('nothing opens in another place than its own', () => {
  test("another tenant's key, template or probe", () => {
    const foreign = vault.newPersonKey('away');
    expect(() => vault.openTemplate('away', key, sealed)).toThrow(UnsealError);
    expect(() => vault.openTemplate('away', foreign, sealed)).toThrow(UnsealError);
    expect(() => vault.openTemplate('home', foreign, sealed)).toThrow(UnsealError);
    expect(() => vault.openProbe('away', probe)).toThrow(UnsealError);
  });

  test("another person's key, and each thing as another", () => {
    expect(() => vault.openTemplate('home', vault.newPersonKey('home'), sealed)).toThrow(UnsealError);
    expect(() => vault.openProbe('home', sealed)).toThrow(UnsealError);
    expect(() => vault.openProbe('home', key)).toThrow(UnsealError);
    expect(() => vault.openTemplate('home', probe, sealed)).toThrow(UnsealError);
    expect(() => vault.openTemplate('home', key, probe)).toThrow(UnsealError);
  });

  test('another master key', async () => {
    const other = await openVault({ masterKey: altered(masterKey, 31) });
    expect(() => other.openTemplate('home', key, sealed)).toThrow(UnsealError);
    expect(() => other.openProbe('home', probe)).toThrow(UnsealError);
  });
});

test('a master key has 32 bytes', async () => {
  await expect(openVault({ masterKey: new Uint8Array(31) })).rejects.toThrow('32 bytes');
});
