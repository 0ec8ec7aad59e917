import { useEffect, useRef, useState } from 'react';

/**
 * Of a picture that only the key can fetch, for as long as it is shown; undefined while there is none. It is asked for
 * once it was shown for `afterMs`.
 */
export function usePicture(
  about: string | undefined,
  load: () => Promise<Blob | undefined>,
  afterMs = 0,
): string | undefined {
  const [url, setUrl] = useState<string>();
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    setUrl(undefined);
    if (about === undefined) return;
    let made: string | undefined;
    let isWanted = true;
    const timer = setTimeout(() => {
      latest.current().then(
        (blob) => {
          if (!isWanted || !blob) return;
          made = URL.createObjectURL(blob);
          setUrl(made);
        },
        () => undefined,
      );
    }, afterMs);
    return () => {
      isWanted = false;
      clearTimeout(timer);
      if (made) URL.revokeObjectURL(made);
    };
  }, [about, afterMs]);
  return url;
}
