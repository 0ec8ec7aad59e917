// Images that are made to break, fill or confuse whoever decodes them, through the service: each is read or refused in
// words, none costs more than its request, and the next photo is answered.
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

/** The service's own memory may grow by so much over all of them: what is decoded is decoded elsewhere. */
const MAX_GROWTH_BYTES = 250e6;

interface Hostile {
  readonly what: string;
  readonly bytes: Buffer;
  /** Whether it has to be read, has to be refused, or may be either. */
  readonly is: 'read' | 'refused' | 'either';
}

let service: TestService;
let portrait: Buffer;

async function identify(bytes: Buffer): Promise<{ status: number; text: string }> {
  const response = await fetch(`${service.url}/v1/identify?gallery=club`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.key}`, 'content-type': 'application/octet-stream' },
    body: new Uint8Array(bytes),
  });
  return { status: response.status, text: await response.text() };
}

beforeAll(async () => {
  service = await startService();
  portrait = await portraitOf('ann');
  await fetch(`${service.url}/v1/galleries/club`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${service.key}`, 'content-type': 'application/json' },
    body: '{}',
  });
});
afterAll(() => service?.stop());

function pngChunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length, 0);
  head.write(type, 4, 'latin1');
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), data])), 0);
  return Buffer.concat([head, data, tail]);
}

const PNG_START = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function png(widthPx: number, heightPx: number, data: Buffer, extra: readonly Buffer[] = []): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(widthPx, 0);
  header.writeUInt32BE(heightPx, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    PNG_START,
    pngChunk('IHDR', header),
    ...extra,
    pngChunk('IDAT', data),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Where a file may be cut: between its parts, and in the middle of each. */
function boundaries(bytes: Buffer, format: string): number[] {
  const cuts: number[] = [];
  if (format === 'png') {
    for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) cuts.push(at, at + 4, at + 8);
  } else if (format === 'jpeg') {
    for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda; ) {
      cuts.push(at, at + 3);
      at += 2 + bytes.readUInt16BE(at + 2);
      cuts.push(at + 10);
    }
  } else {
    cuts.push(2, 6, 12, 14, 20, 30, 40, 54);
  }
  return [...cuts, bytes.length >> 2, bytes.length >> 1].filter((cut) => cut > 0 && cut < bytes.length);
}

/** A JPEG with an EXIF block whose directories point where `links` says. */
function withExif(jpeg: Buffer, tiff: Buffer): Buffer {
  const payload = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(payload.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, payload, jpeg.subarray(2)]);
}

/** One directory with these entries (tag, type, count, value) and the place of the next one. */
function tiff(entries: readonly (readonly number[])[], next: number): Buffer {
  const bytes = Buffer.alloc(8 + 2 + entries.length * 12 + 4);
  bytes.write('II*\0', 0, 'latin1');
  bytes.writeUInt32LE(8, 4);
  bytes.writeUInt16LE(entries.length, 8);
  for (const [i, [tag = 0, type = 0, count = 0, value = 0]] of entries.entries()) {
    const at = 10 + i * 12;
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(type, at + 2);
    bytes.writeUInt32LE(count, at + 4);
    bytes.writeUInt32LE(value, at + 8);
  }
  bytes.writeUInt32LE(next, bytes.length - 4);
  return bytes;
}

async function hostileImages(): Promise<Hostile[]> {
  const small = sharp(portrait).resize(200, 200, { fit: 'cover' });
  const formats = {
    jpeg: await small.clone().jpeg().toBuffer(),
    png: await small.clone().png().toBuffer(),
    gif: await small.clone().gif().toBuffer(),
    webp: await small.clone().webp().toBuffer(),
  };
  const list: Hostile[] = [];
  const add = (is: Hostile['is'], what: string, bytes: Buffer) => list.push({ what, bytes, is });

  for (const [format, bytes] of Object.entries(formats)) {
    for (const cut of boundaries(bytes, format))
      add('either', `${format} cut at ${cut} of ${bytes.length}`, bytes.subarray(0, cut));
    for (const [other, head] of Object.entries(formats)) {
      if (other === format) continue;
      add(
        'either',
        `${format} under the first bytes of ${other}`,
        Buffer.concat([head.subarray(0, 4), bytes.subarray(4)]),
      );
    }
  }

  const sof = formats.jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  const hugeJpeg = Buffer.from(formats.jpeg);
  hugeJpeg.writeUInt32BE(0xffffffff, sof + 5);
  add('refused', 'jpeg that promises 65,535 × 65,535', hugeJpeg);
  for (const side of [0, 65_535, 1_000_000, 0x7fffffff])
    add('refused', `png that promises ${side} × ${side}`, png(side, side, deflateSync(Buffer.alloc(100))));
  const hugeGif = Buffer.from(formats.gif);
  hugeGif.writeUInt32LE(0xffffffff, 6);
  add('either', 'gif that promises 65,535 × 65,535', hugeGif);
  const webpX = Buffer.from('RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff', 'latin1');
  add('refused', 'webp that promises 16,777,216 × 16,777,216', webpX);
  const bmp = Buffer.alloc(54);
  bmp.write('BM', 0, 'latin1');
  bmp.writeUInt32LE(54, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(0x7fffffff, 18);
  bmp.writeInt32LE(-0x80000000, 22);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(24, 28);
  add('refused', 'bmp of the largest width and the smallest height', bmp);

  // Bombs: few bytes, many pixels
  add('refused', 'png bomb, 40,000 × 40,000', png(40_000, 40_000, deflateSync(Buffer.alloc(4e6), { level: 9 })));
  const row = 3 * 6000 + 1;
  add(
    'read',
    'png of 36 megapixels in a few kilobytes',
    png(6000, 6000, deflateSync(Buffer.alloc(row * 6000), { level: 9 })),
  );
  const text = deflateSync(Buffer.alloc(60e6), { level: 9 });
  add(
    'either',
    'png with 60 MB of text, deflated',
    png(50, 50, deflateSync(Buffer.alloc(151 * 50)), [
      pngChunk('zTXt', Buffer.concat([Buffer.from('x\0\0', 'latin1'), text])),
    ]),
  );
  add(
    'either',
    'png with a colour profile of 60 MB, deflated',
    png(50, 50, deflateSync(Buffer.alloc(151 * 50)), [
      pngChunk('iCCP', Buffer.concat([Buffer.from('x\0\0', 'latin1'), text])),
    ]),
  );
  add(
    'either',
    'png that inflates to more than it promised',
    png(50, 50, deflateSync(Buffer.alloc(30e6), { level: 9 })),
  );
  const frames = await sharp(Buffer.alloc(20 * 20 * 400 * 3, 9), { raw: { width: 20, height: 20 * 400, channels: 3 } })
    .gif({ delay: 20 })
    .toBuffer();
  add('either', 'gif, tall and of many frames', frames);
  add('read', 'webp that moves', await sharp(formats.gif, { animated: true }).webp().toBuffer());

  // Unusual, and right
  add('read', 'cmyk jpeg', await small.clone().toColourspace('cmyk').jpeg().toBuffer());
  add('read', 'progressive jpeg', await small.clone().jpeg({ progressive: true }).toBuffer());
  add('read', 'interlaced png', await small.clone().png({ progressive: true }).toBuffer());
  add('read', 'png of 16 bits', await small.clone().toColourspace('rgb16').png().toBuffer());
  add('read', 'png with a palette', await small.clone().png({ palette: true, colours: 4 }).toBuffer());
  add('read', 'grey png with alpha', await small.clone().greyscale().ensureAlpha(0.5).png().toBuffer());

  // More than one thing at once
  for (const [what, tail] of [
    ['a zip archive', 'PK\x03\x04'],
    ['a page', '<html><script>alert(1)</script>'],
    ['a program', '\x7fELF'],
    ['another jpeg', formats.jpeg.toString('latin1')],
  ] as const) {
    add('either', `jpeg with ${what} behind it`, Buffer.concat([formats.jpeg, Buffer.from(tail, 'latin1')]));
  }
  add(
    'either',
    'gif that is a script as well',
    Buffer.concat([Buffer.from('GIF89a/*', 'latin1'), formats.gif.subarray(8), Buffer.from('*/=1;alert(1)')]),
  );
  add(
    'either',
    'png with a script in its text',
    Buffer.concat([
      formats.png.subarray(0, 33),
      pngChunk('tEXt', Buffer.from('Comment\0<script>alert(1)</script>')),
      formats.png.subarray(33),
    ]),
  );
  const badCrc = Buffer.from(formats.png);
  badCrc[29] = (badCrc[29] as number) ^ 0xff;
  add('either', 'png with a wrong checksum', badCrc);

  // EXIF that leads nowhere, or round in circles
  for (const [what, exif] of [
    ['a directory that is its own next', tiff([[0x0112, 3, 1, 1]], 8)],
    ['a sub-directory that is its own parent', tiff([[0x8769, 4, 1, 8]], 0)],
    ['a tag of four billion values', tiff([[0x0112, 3, 0xffffffff, 8]], 0)],
    [
      'a directory of 65,535 tags that aren’t there',
      Buffer.concat([tiff([], 0).subarray(0, 8), Buffer.from([0xff, 0xff])]),
    ],
    ['an offset beyond its end', tiff([[0x010f, 2, 100, 0xfffffff0]], 0xfffffff0)],
    ['an orientation that is none', tiff([[0x0112, 3, 1, 999]], 0)],
    ['nothing but a head', Buffer.from('II*\0', 'latin1')],
  ] as const) {
    add('either', `jpeg whose EXIF has ${what}`, withExif(formats.jpeg, exif));
  }

  // What Kith doesn't read
  const others: readonly (readonly [string, Buffer])[] = [
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from([0xff])],
    ['text', Buffer.from('hello')],
    ['zeros', Buffer.alloc(100_000)],
    ['svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>')],
    [
      'svg that grows',
      Buffer.from(
        `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "${'x'.repeat(1000)}">]><svg>${'&b;'.repeat(1000)}</svg>`,
      ),
    ],
    ['tiff', await small.clone().tiff().toBuffer()],
    ['avif', await small.clone().resize(64).avif({ effort: 0 }).toBuffer()],
    ['pdf', Buffer.from('%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj')],
    ['zip', Buffer.from('PK\x03\x04\x14\0\0\0\0\0', 'latin1')],
    ['postscript', Buffer.from('%!PS-Adobe-3.0 EPSF\n(%pipe%id) (r) file')],
    ['imagemagick’s own', Buffer.from("push graphic-context\nviewbox 0 0 1 1\nfill 'url(https://127.0.0.1/)'")],
  ];
  for (const [what, bytes] of others) add('refused', what, bytes);
  return list;
}

test('each is read or refused, and the photo after them is answered as before', async () => {
  const images = await hostileImages();
  expect(images.length).toBeGreaterThan(80);
  const expected = (await identify(portrait)).text;
  const before = process.memoryUsage.rss();
  for (const { what, bytes, is } of images) {
    const { status, text } = await identify(bytes);
    const said = `${what}: ${status} ${text.slice(0, 200)}`;
    expect(status, said).toBeLessThan(500);
    if (is === 'read') expect(status, said).toBe(200);
    if (is === 'refused') expect(status, said).toBeGreaterThanOrEqual(400);
    expect(text, said).not.toMatch(/\/(work|tmp|home|node_modules)\//);
  }
  expect((await identify(portrait)).text).toBe(expected);
  expect(process.memoryUsage.rss() - before).toBeLessThan(MAX_GROWTH_BYTES);
}, 120_000);
