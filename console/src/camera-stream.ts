// The camera, from being asked for to being let go of.
import { useCallback, useEffect, useRef, useState } from 'react';

/** Why there is no picture. */
export type CameraFault = 'insecure' | 'denied' | 'none' | 'taken' | 'gone' | 'other';

/** Large enough to enrol from, small enough to send twice a second. */
const WANTED = { width: { ideal: 1280 }, height: { ideal: 720 } };

export interface CameraStream {
  /** To be given to the video element. */
  readonly attach: (video: HTMLVideoElement | null) => void;
  readonly video: HTMLVideoElement | null;
  readonly isLive: boolean;
  readonly fault: CameraFault | undefined;
  /** Cameras there are; their names are told only once one is in use. */
  readonly cameras: number;
  readonly nextCamera: () => void;
  readonly retry: () => void;
}

/** Runs while the caller is shown: whoever leaves the page, or comes too late, leaves no camera on. */
export function useCamera(): CameraStream {
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [isLive, setLive] = useState(false);
  const [fault, setFault] = useState<CameraFault>();
  const [deviceIds, setDeviceIds] = useState<readonly string[]>([]);
  const [wanted, setWanted] = useState<{ readonly deviceId?: string; readonly round: number }>({ round: 0 });
  const current = useRef<string | undefined>(undefined);

  useEffect(() => {
    if (!video) return;
    let isWanted = true;
    let stream: MediaStream | undefined;
    setLive(false);
    setFault(undefined);
    const start = async (): Promise<void> => {
      try {
        const opened = await openCamera(wanted.deviceId);
        if (!isWanted) return stop(opened);
        stream = opened;
        const [track] = opened.getVideoTracks();
        track?.addEventListener('ended', () => isWanted && setFault('gone'));
        current.current = track?.getSettings().deviceId;
        video.srcObject = opened;
        await video.play();
        const devices = await navigator.mediaDevices.enumerateDevices();
        if (!isWanted) return;
        setDeviceIds(devices.flatMap(({ kind, deviceId }) => (kind === 'videoinput' ? deviceId : [])));
        setLive(true);
      } catch (error) {
        if (isWanted) setFault(faultOf(error));
      }
    };
    void start();
    return () => {
      isWanted = false;
      video.srcObject = null;
      if (stream) stop(stream);
    };
  }, [video, wanted]);

  const nextCamera = useCallback((): void => {
    const at = deviceIds.indexOf(current.current ?? '');
    const deviceId = deviceIds[(at + 1) % deviceIds.length];
    setWanted(({ round }) => ({ round: round + 1, ...(deviceId ? { deviceId } : {}) }));
  }, [deviceIds]);
  const retry = useCallback((): void => setWanted(({ round }) => ({ round: round + 1 })), []);
  return {
    attach: setVideo,
    video,
    isLive: isLive && fault === undefined,
    fault,
    cameras: deviceIds.length,
    nextCamera,
    retry,
  };
}

function openCamera(deviceId: string | undefined): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new DOMException('', 'SecurityError');
  const which = deviceId === undefined ? { facingMode: 'user' } : { deviceId: { exact: deviceId } };
  return navigator.mediaDevices.getUserMedia({ video: { ...WANTED, ...which }, audio: false });
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function faultOf(error: unknown): CameraFault {
  const name = error instanceof DOMException ? error.name : '';
  if (!window.isSecureContext) return 'insecure';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'none';
  return name === 'NotReadableError' || name === 'AbortError' ? 'taken' : 'other';
}
