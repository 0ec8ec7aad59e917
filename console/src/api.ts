// Calls of the service's /v1. The key lives in the closure of a client and nowhere else.
import type {
  ApiKey,
  AuditRecord,
  AuditStatus,
  Box,
  Candidate,
  Consent,
  Detected,
  DismissedPage,
  DuplicatePair,
  EnrolledFace,
  Erasure,
  ErasuresPage,
  ErasuresWanted,
  Gallery,
  Identified,
  Merge,
  Model,
  NewConsent,
  OverduePerson,
  PeoplePage,
  PeopleWanted,
  Person,
  PersonUse,
  Review,
  SimilarFace,
  Status,
  Verdict,
  Verified,
} from './wire.ts';

/** `code` is stable; `network` when nothing answered. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  /** Why a face is of low quality, worst first. */
  readonly reasons: readonly string[];

  constructor(code: string, status: number, message: string, reasons: readonly string[] = []) {
    super(message);
    this.code = code;
    this.status = status;
    this.reasons = reasons;
  }
}

export type Api = ReturnType<typeof createApi>;

const MAX_RETRIES = 5;

interface Problem {
  code?: string;
  detail?: string;
  reasons?: string[];
}

interface PhotoOfFace {
  file: Blob;
  box: Box;
}

/** In whole pixels, and not over the edge of the photo. */
function boxText({ leftPx, topPx, widthPx, heightPx }: Box): string {
  const [left, top] = [Math.floor(leftPx), Math.floor(topPx)];
  return [left, top, Math.floor(leftPx + widthPx) - left, Math.floor(topPx + heightPx) - top].join(',');
}

export function createApi(firstKey: string) {
  let key = firstKey;

  async function send(method: string, path: string, body?: object | Blob, signal?: AbortSignal): Promise<Response> {
    const isPhoto = body instanceof Blob;
    // A form says by itself where its parts begin
    const isForm = body instanceof FormData;
    for (let attempt = 0; ; attempt++) {
      const response = await fetch(`/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body && !isForm ? { 'content-type': isPhoto ? 'application/octet-stream' : 'application/json' } : {}),
        },
        body: isPhoto || isForm ? body : body ? JSON.stringify(body) : null,
        signal: signal ?? null,
        cache: 'no-store',
      }).catch((error: unknown) => {
        if (signal?.aborted) throw error;
        throw new ApiError('network', 0, 'The service does not answer.');
      });
      if (response.ok) return response;
      const problem = (await response.json().catch(() => ({}))) as Problem;
      const waitS = Number(response.headers.get('retry-after') ?? 'NaN');
      if (response.status === 503 && waitS <= 10 && attempt < MAX_RETRIES) {
        await new Promise((resolve) => setTimeout(resolve, waitS * 1000));
        continue;
      }
      throw new ApiError(
        problem.code ?? String(response.status),
        response.status,
        problem.detail ?? response.statusText,
        problem.reasons,
      );
    }
  }

  const json = async <T>(method: string, path: string, body?: object | Blob, signal?: AbortSignal): Promise<T> => {
    const response = await send(method, path, body, signal);
    return (response.status === 204 ? undefined : await response.json()) as T;
  };
  const inGallery = (galleryId: string, path = ''): string => `/galleries/${encodeURIComponent(galleryId)}${path}`;
  const ofPerson = (galleryId: string, personId: string, path = ''): string =>
    inGallery(galleryId, `/people/${encodeURIComponent(personId)}${path}`);
  const pairIn = (galleryId: string, personId: string, otherId: string): string =>
    inGallery(galleryId, `/dismissed-pairs/${encodeURIComponent(personId)}/${encodeURIComponent(otherId)}`);

  return {
    /** Goes on with another key, if the service knows it. */
    async takeKey(other: string): Promise<void> {
      await createApi(other).galleries();
      key = other;
    },
    galleries: () => json<{ galleries: Gallery[] }>('GET', '/galleries?limit=1000').then(({ galleries }) => galleries),
    gallery: (galleryId: string) => json<Gallery>('GET', inGallery(galleryId)),
    makeGallery: (galleryId: string, settings: object) => json<Gallery>('PUT', inGallery(galleryId), settings),
    changeGallery: (galleryId: string, settings: object) => json<Gallery>('PATCH', inGallery(galleryId), settings),
    people: (galleryId: string, wanted: PeopleWanted, signal?: AbortSignal) => {
      const query = new URLSearchParams(Object.entries(wanted).map(([k, v]) => [k, String(v)]));
      return json<PeoplePage>('GET', inGallery(galleryId, `/people-by-name?${query}`), undefined, signal);
    },
    person: (galleryId: string, personId: string) => json<Person>('GET', ofPerson(galleryId, personId)),
    addPerson: (galleryId: string, name: string, consent?: NewConsent) =>
      json<Person>('POST', inGallery(galleryId, '/people'), { name, ...(consent ? { consent } : {}) }),
    renamePerson: (galleryId: string, personId: string, name: string) =>
      json<Person>('PATCH', ofPerson(galleryId, personId), { name }),
    erasePerson: (galleryId: string, personId: string) => json<unknown>('DELETE', ofPerson(galleryId, personId)),
    faces: (galleryId: string, personId: string) =>
      json<{ faces: EnrolledFace[] }>('GET', ofPerson(galleryId, personId, '/faces')).then(({ faces }) => faces),
    /** `box` says which face is meant where the photo shows several. */
    enrol: (galleryId: string, personId: string, photo: Blob, box?: Box) =>
      json<EnrolledFace>(
        'POST',
        ofPerson(galleryId, personId, `/faces?once=true${box ? `&box=${boxText(box)}` : ''}`),
        photo,
      ),
    eraseFace: (galleryId: string, personId: string, faceId: string) =>
      json<void>('DELETE', ofPerson(galleryId, personId, `/faces/${faceId}`)),
    moveFace: (galleryId: string, personId: string, move: { faceId: string; to: string }) =>
      json<void>('POST', ofPerson(galleryId, personId, `/faces/${move.faceId}/move`), { to: move.to }),
    facePhoto: (galleryId: string, personId: string, faceId: string) =>
      send('GET', ofPerson(galleryId, personId, `/faces/${faceId}/photo`)).then((response) => response.blob()),
    merge: (galleryId: string, into: string, from: string) =>
      json<Merge>('POST', ofPerson(galleryId, into, '/merge'), { from }),
    merges: (galleryId: string, personId: string) =>
      json<{ merges: Merge[] }>('GET', ofPerson(galleryId, personId, '/merges')).then(({ merges }) => merges),
    undoMerge: (galleryId: string, mergeId: string) =>
      json<Merge>('POST', inGallery(galleryId, `/merges/${mergeId}/undo`), undefined),
    consent: (galleryId: string, personId: string) =>
      json<Consent>('GET', ofPerson(galleryId, personId, '/consent')).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }),
    giveConsent: (galleryId: string, personId: string, consent: NewConsent) =>
      json<Consent>('PUT', ofPerson(galleryId, personId, '/consent'), consent),
    withdrawConsent: (galleryId: string, personId: string) =>
      json<void>('DELETE', ofPerson(galleryId, personId, '/consent')),
    dueConsents: () =>
      json<{ consents: { galleryId: string; personId: string; name: string; consent: Consent }[] }>(
        'GET',
        '/consents',
      ).then(({ consents }) => consents),
    identify: (galleryId: string, photo: Blob, signal?: AbortSignal) =>
      json<Identified>('POST', `/identify?gallery=${encodeURIComponent(galleryId)}&maxCandidates=3`, photo, signal),
    /** `keepForS` keeps a sealed probe of each face for so long, to group and rank by. */
    detect: (photo: Blob, keepForS?: number, signal?: AbortSignal) =>
      json<Detected>('POST', `/detect${keepForS === undefined ? '' : `?keepForS=${keepForS}`}`, photo, signal),
    verify: (photo: PhotoOfFace, other: PhotoOfFace, signal?: AbortSignal) => {
      const form = new FormData();
      form.append('photo', photo.file);
      form.append('other', other.file);
      const faces = `photoFace=${boxText(photo.box)}&otherFace=${boxText(other.box)}`;
      return json<Verified>('POST', `/verify?${faces}`, form, signal);
    },
    group: (probeIds: readonly string[], signal?: AbortSignal) =>
      json<{ groups: string[][]; alone: string[] }>('POST', '/group', { probeIds }, signal),
    similar: (probeId: string, among: readonly string[]) =>
      json<{ compared: number; faces: SimilarFace[] }>('POST', '/similar', { probeId, among }),
    similarPeople: (galleryId: string, probeId: string) =>
      json<{ candidates: Candidate[] }>('POST', inGallery(galleryId, '/similar'), { probeId }),
    review: (galleryId: string, photo: Blob, said: { person: string; box: string; verdict: Verdict }) =>
      json<Review>('POST', inGallery(galleryId, `/reviews?${new URLSearchParams(said)}`), photo),
    reviews: (galleryId: string, limit: number) =>
      json<{ reviews: Review[]; next?: number }>('GET', inGallery(galleryId, `/reviews?limit=${limit}`)),
    reviewPhoto: (galleryId: string, reviewId: string) =>
      send('GET', inGallery(galleryId, `/reviews/${reviewId}/photo`)).then((response) => response.blob()),
    addVerdict: (galleryId: string, reviewId: string, verdict: Verdict) =>
      json<Review>('POST', inGallery(galleryId, `/reviews/${reviewId}/verdicts`), { verdict }),
    duplicates: (galleryId: string, after?: number) =>
      json<{ pairs: DuplicatePair[]; remaining: number; next?: number }>(
        'GET',
        inGallery(galleryId, `/duplicates${after === undefined ? '' : `?after=${after}`}`),
      ),
    dismissedPairs: (galleryId: string, limit: number) =>
      json<DismissedPage>('GET', inGallery(galleryId, `/dismissed-pairs?limit=${limit}`)),
    dismissPair: (galleryId: string, personId: string, otherId: string) =>
      json<void>('PUT', pairIn(galleryId, personId, otherId)),
    restorePair: (galleryId: string, personId: string, otherId: string) =>
      json<void>('DELETE', pairIn(galleryId, personId, otherId)),
    keys: () => json<{ keys: ApiKey[] }>('GET', '/keys').then(({ keys }) => keys),
    makeKey: (wanted: { label: string; permissions: string[]; galleries?: string[] }) =>
      json<{ keyId: string; key: string }>('POST', '/keys', wanted),
    rotateKey: (keyId: string) => json<{ keyId: string; key: string }>('POST', `/keys/${keyId}/rotate`),
    revokeKey: (keyId: string) => json<void>('DELETE', `/keys/${keyId}`),
    models: () => json<{ models: Model[] }>('GET', '/models').then(({ models }) => models),
    status: () => json<Status>('GET', '/status'),
    personUses: (personId: string) =>
      json<{ uses: PersonUse[] }>('GET', `/persons/${encodeURIComponent(personId)}/record`).then(({ uses }) => uses),
    personRecordPage: (personId: string) =>
      send('GET', `/persons/${encodeURIComponent(personId)}/record?format=html`).then((response) => response.blob()),
    searchRecords: (limit: number) =>
      json<{ records: AuditRecord[] }>('GET', `/audit?action=search&limit=${limit}`).then(({ records }) => records),
    erasures: ({ galleryId, before, limit }: ErasuresWanted) => {
      const query = new URLSearchParams({ limit: String(limit) });
      if (galleryId !== undefined) query.set('gallery', galleryId);
      if (before !== undefined) query.set('before', before);
      return json<ErasuresPage>('GET', `/erasures?${query}`);
    },
    erasureReceipt: ({ chain, seq }: Erasure['record']) =>
      json<unknown>('GET', `/erasures/${encodeURIComponent(chain)}/${seq}/receipt`),
    /** Who will be forgotten by then, if nobody finds them until. */
    overdue: (galleryId: string, by: Date, limit: number) =>
      json<{ people: OverduePerson[]; next?: string }>(
        'GET',
        inGallery(galleryId, `/retention?${new URLSearchParams({ by: by.toISOString(), limit: String(limit) })}`),
      ),
    auditStatus: () => json<AuditStatus>('GET', '/audit/status'),
    checkAudit: () => json<AuditStatus>('POST', '/audit/check'),
  };
}
