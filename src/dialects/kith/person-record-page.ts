// What is held about a person, as a page to read or to hand over.
import { type Html, html, plainPage } from '../http/html.ts';
import type { WireSubjectRecord } from './person-record.ts';

type Held = WireSubjectRecord['held'][number];

export function personRecordPage({ personId, madeAt, held, uses, usesAreComplete }: WireSubjectRecord): string {
  return plainPage(
    'What is held about you',
    html`<p>Of the person ${personId}, as of ${dateOf(madeAt)}. Photos are not kept. Of each enrolled face there is a
template, a list of numbers that tells whether another photo shows the same person: it is sealed under a key of the
person’s own, and never handed out, as a face can be rebuilt from it.</p>
${held.map(holding)}
<h2>Every use on record</h2>
<table><thead><tr><th>When</th><th>What</th><th>Gallery</th><th>Closeness</th><th>Key</th></tr></thead><tbody>
${uses.map(
  (use) => html`<tr><td>${dateOf(use.at)}</td><td>${use.action}${use.outcome === 'done' ? '' : `, ${use.outcome}`}</td>
<td>${use.gallery ?? ''}</td><td>${use.score === undefined ? '' : use.score.toFixed(2)}</td><td>${use.keyId}</td></tr>`,
)}
</tbody></table>
${usesAreComplete ? html`` : html`<p>There are older ones: ask for the rest.</p>`}`,
  );
}

function holding(held: Held): Html {
  const { gallery, consent } = held;
  const rows: readonly (readonly [string, string])[] = [
    ['Name', held.name],
    ['Kept with it', held.userData ?? ''],
    ['Why', gallery.purpose ?? 'not stated'],
    ['Allowed by', gallery.lawfulBasis ?? 'not stated'],
    [
      'Consent',
      consent ? consentWords(consent) : gallery.consentPolicy === 'attested' ? 'attested by the operator' : 'none',
    ],
    ['Since', dateOf(held.createdAt)],
    ['Last used', dateOf(held.lastUsedAt)],
    ['Erased, if not used, after', dateOf(held.erasedAfter)],
    ['Recognised by', gallery.recognitionModel],
    ['Groups', held.groups.join(', ')],
    ['Made one with', held.merged.map(({ name, at }) => `${name} (${dateOf(at)})`).join(', ')],
    ['Taken for them, as people said', held.reviews.map(reviewWords).join('; ')],
    ['Said to be somebody else than a person who looks like them', held.apart.map(({ at }) => dateOf(at)).join(', ')],
    ['Also in the snapshots', held.snapshots.join(', ')],
  ];
  return html`<h2>In the gallery “${gallery.name}”</h2>
<table><tbody>
${rows.filter(([, value]) => value !== '').map(([label, value]) => html`<tr><th scope="row">${label}</th><td>${value}</td></tr>`)}
</tbody></table>
<h3>Enrolled faces</h3>
<table><thead><tr><th>Enrolled</th><th>Quality</th><th>Picture kept</th><th>Kept with it</th></tr></thead><tbody>
${held.faces.map(
  (face) =>
    html`<tr><td>${dateOf(face.enrolledAt)}</td><td>${face.quality.level}</td><td>${face.picture ? 'yes' : 'no'}</td><td>${face.userData ?? ''}</td></tr>`,
)}
</tbody></table>`;
}

function reviewWords({ at, state, picture }: Held['reviews'][number]): string {
  return `${dateOf(at)}: ${state === 'open' ? 'waits for a second person' : state}${picture ? ', with a picture' : ''}`;
}

function consentWords({ state, givenBy, method, givenAt, until, withdrawnAt }: NonNullable<Held['consent']>): string {
  const given = `${state}: by ${givenBy}, ${method}, ${dateOf(givenAt)}`;
  const end = withdrawnAt ?? until;
  return end === undefined ? given : `${given}; ${withdrawnAt ? 'withdrawn' : 'until'} ${dateOf(end)}`;
}

function dateOf(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}
