// The biometric policy as anybody may read it, by machine or by eye, made from the live settings.
import type { FastifyInstance } from 'fastify';
import { type BiometricPolicy, biometricPolicy } from '../../core/operations/biometric-policy.ts';
import type { Deps } from '../../core/ports.ts';
import { type Html, html, plainPage } from '../http/html.ts';
import { PAGE_HEADERS } from '../http/page-headers.ts';

export interface PolicyOptions {
  /** Who answers for the service, and where people turn to. */
  readonly operator?: string;
  readonly contact?: string;
}

/** Nobody needs a key for it, so nobody can make the store work by asking again and again. */
const FRESH_MS = 10_000;
const ALWAYS = {
  recognition: 'Photos are compared with templates, lists of numbers made from the faces of people who were enrolled.',
  photos: 'Photos are not kept.',
  secondPerson:
    'Nobody counts as recognised before two people said so. Until then a picture of the face waits, sealed, for at most seven days.',
  keptPictures: 'A small picture of each enrolled face is kept, sealed.',
  storage: 'Templates are sealed under a key of each person’s own, never handed out, and destroyed with that key.',
  refused:
    'No emotion, gender, age, ethnicity or other trait is inferred; nobody is followed; strangers get no identity.',
  record: 'Every use is recorded in a log that can’t be changed unnoticed.',
  rights:
    'You may ask what is held about you and who searched for you, withdraw your consent, and have everything erased; you get a signed receipt.',
} as const;

export function addBiometricPolicy(
  app: FastifyInstance,
  deps: Pick<Deps, 'store' | 'engine' | 'clock'>,
  options: PolicyOptions,
): void {
  let made: { readonly policy: Promise<BiometricPolicy>; readonly madeMs: number } | undefined;
  const current = (): Promise<BiometricPolicy> => {
    if (!made || performance.now() - made.madeMs > FRESH_MS) {
      const fresh = { policy: biometricPolicy(deps), madeMs: performance.now() };
      made = fresh;
      fresh.policy.catch(() => {
        if (made === fresh) made = undefined;
      });
    }
    return made.policy;
  };
  app.get('/.well-known/biometric-policy', { config: { permission: 'public' } }, async (request, reply) => {
    const policy = await current();
    if (!/\btext\/html\b/.test(request.headers.accept ?? '')) return wirePolicy(policy, options);
    return reply.headers(PAGE_HEADERS).send(policyPage(policy, options));
  });
}

function wirePolicy({ terms, models, asOfMs }: BiometricPolicy, { operator, contact }: PolicyOptions) {
  const { keptPictures, photos, secondPerson, ...always } = ALWAYS;
  return {
    asOf: new Date(asOfMs).toISOString(),
    ...(operator === undefined ? {} : { operator }),
    ...(contact === undefined ? {} : { contact }),
    ...always,
    uses: terms.map(({ keepPhotos, twoPersonRule, ...use }) => ({
      ...use,
      photos: keepPhotos ? keptPictures : photos,
      ...(twoPersonRule ? { secondPerson } : {}),
    })),
    models: models.map(({ packId: model, description, trainingData }) => ({ model, description, trainingData })),
  };
}

function policyPage({ terms, models, asOfMs }: BiometricPolicy, { operator, contact }: PolicyOptions): string {
  return plainPage(
    'How faces are recognised here',
    html`<p>${operator === undefined ? '' : `${operator}. `}As of ${new Date(asOfMs).toISOString().slice(0, 16).replace('T', ' ')} UTC, from the service’s own settings.</p>
<p>${ALWAYS.recognition} ${ALWAYS.storage}</p>
<p>${ALWAYS.refused} ${ALWAYS.record}</p>
<p>${ALWAYS.rights}${contact === undefined ? '' : ` Ask: ${contact}`}</p>
<h2>What for</h2>
${
  terms.length === 0
    ? html`<p>Nobody is enrolled anywhere.</p>`
    : html`<table><thead><tr><th>Purpose</th><th>Allowed by</th><th>Consent</th><th>Erased when unused for</th><th>Photos</th></tr></thead><tbody>
${terms.map(termsRow)}
</tbody></table>`
}
<h2>What recognises</h2>
<table><thead><tr><th>Model</th><th>What it is</th><th>Trained on</th></tr></thead><tbody>
${models.map((model) => html`<tr><td>${model.packId}</td><td>${model.description}</td><td>${model.trainingData}</td></tr>`)}
</tbody></table>`,
  );
}

function termsRow({
  purpose,
  lawfulBasis,
  consentPolicy,
  retentionDays,
  keepPhotos,
  twoPersonRule,
}: BiometricPolicy['terms'][number]): Html {
  const consent =
    consentPolicy === 'required'
      ? 'each person’s own, on record'
      : 'the operator attests that it was given or is not needed';
  return html`<tr><td>${purpose ?? 'not stated'}</td><td>${lawfulBasis ?? 'not stated'}</td><td>${consent}</td>
<td>${retentionDays} days</td><td>${keepPhotos ? ALWAYS.keptPictures : ALWAYS.photos}${twoPersonRule ? ` ${ALWAYS.secondPerson}` : ''}</td></tr>`;
}
