import { useEffect, useState } from 'react';
import { Plot } from '../plot.tsx';
import { useSession } from '../session.tsx';
import { texts } from '../texts.ts';
import { Doing, Fault, Loading, moment, useLoad } from '../ui.tsx';
import type { AuditStatus, MinuteLoad } from '../wire.ts';

const REFRESH_MS = 5000;

export function Health() {
  const { api, galleries } = useSession();
  const status = useLoad(() => api.status(), 'status');
  const models = useLoad(() => api.models(), 'models');
  const { reload } = status;
  useEffect(() => {
    const timer = setInterval(reload, REFRESH_MS);
    return () => clearInterval(timer);
  }, [reload]);
  const now = status.value;
  const facts: readonly (readonly [string, string])[] = now
    ? [
        [texts.health.up, duration(now.uptimeS)],
        [texts.health.memory, bytes(now.memoryBytes)],
        [
          texts.health.people,
          texts.health.inGalleries(
            galleries.reduce((sum, { people }) => sum + people, 0),
            galleries.length,
          ),
        ],
        [texts.health.faces, now.faces.toLocaleString('en')],
        [texts.health.index, bytes(now.indexBytes)],
        [texts.health.searches, now.searches.toLocaleString('en')],
        [texts.health.waiting, now.searchesQueued.toLocaleString('en')],
        ...(now.freeDiskBytes === undefined ? [] : [[texts.health.disk, bytes(now.freeDiskBytes)] as const]),
        [
          texts.health.backup,
          now.lastBackup
            ? texts.health.backedUp(moment(now.lastBackup.finishedAt), bytes(now.lastBackup.bytes))
            : texts.health.noBackup,
        ],
        [
          texts.health.recall,
          now.recallSamples === 0
            ? texts.health.noSamples
            : `${(100 * now.recall).toFixed(2)} % (${texts.health.samples(now.recallSamples)})`,
        ],
      ]
    : [];
  return (
    <>
      <h1>{texts.health.title}</h1>
      {status.isLoading && !now && <Loading />}
      {status.error !== undefined && <Fault error={status.error} retry={status.reload} />}
      {now && !now.fastKernel && (
        <p className="note note-bad" role="alert">
          {texts.health.slow}
        </p>
      )}
      {now && (
        <dl className="card facts">
          {facts.map(([term, value]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {now && <LastHour minutes={now.lastHour} />}
      <Log />
      <h2>{texts.health.models}</h2>
      {models.error !== undefined && <Fault error={models.error} retry={models.reload} />}
      {models.value?.map(({ pack, version, weightsLicence, trainingData, calibratedOn }) => (
        <section key={pack} className="card">
          <h3>
            {pack} {version}
          </h3>
          <dl className="facts">
            <div>
              <dt>{texts.health.licence}</dt>
              <dd>{weightsLicence}</dd>
            </div>
            <div>
              <dt>{texts.health.training}</dt>
              <dd>{trainingData}</dd>
            </div>
            <div>
              <dt>{texts.health.calibrated}</dt>
              <dd>{calibratedOn}</dd>
            </div>
          </dl>
        </section>
      ))}
    </>
  );
}

function LastHour({ minutes }: { readonly minutes: readonly MinuteLoad[] }) {
  const times = minutes.map(({ at }) => at);
  const whole = (value: number): string => Math.round(value).toLocaleString('en');
  const short = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 2 });
  return (
    <>
      <h2>{texts.health.lastHour}</h2>
      <Plot
        title={texts.health.requests}
        times={times}
        series={[{ name: texts.health.requests, values: minutes.map(({ requestsPerS }) => requestsPerS) }]}
        format={short}
      />
      <Plot
        title={texts.health.identify}
        times={times}
        series={[
          { name: texts.health.median, values: minutes.map(({ medianMs }) => medianMs) },
          { name: texts.health.p95, values: minutes.map(({ p95Ms }) => p95Ms) },
        ]}
        format={whole}
      />
      <Plot
        title={texts.health.queue}
        times={times}
        series={[{ name: texts.health.queue, values: minutes.map(({ mostQueued }) => mostQueued) }]}
        format={whole}
      />
    </>
  );
}

function Log() {
  const { api } = useSession();
  const status = useLoad(() => api.auditStatus(), 'audit');
  const [checked, setChecked] = useState<AuditStatus>();
  const [error, setError] = useState<unknown>();
  const now = checked ?? status.value;
  return (
    <section className="card">
      <h2>{texts.health.audit}</h2>
      {status.error !== undefined && <Fault error={status.error} retry={status.reload} />}
      {error !== undefined && <Fault error={error} />}
      {now?.state === 'unchecked' && <p>{texts.health.unchecked}</p>}
      {now?.state === 'intact' && <p role="status">{texts.health.intact(moment(now.checkedAt ?? ''))}</p>}
      {now?.state === 'changed' && (
        <div className="note note-bad" role="alert">
          <p>{texts.health.changed}</p>
          <ul>
            {now.faults.map((fault) => (
              <li key={fault}>{fault}</li>
            ))}
          </ul>
        </div>
      )}
      <Doing
        act={() => {
          setError(undefined);
          return api.checkAudit().then(setChecked, setError);
        }}
      >
        {texts.health.check}
      </Doing>
    </section>
  );
}

function bytes(n: number): string {
  if (n < 1e6) return `${(n / 1e3).toFixed(0)} kB`;
  return n < 1e9 ? `${(n / 1e6).toFixed(0)} MB` : `${(n / 1e9).toFixed(1)} GB`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
