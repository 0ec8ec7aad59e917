// What passes between the service and its vision processes, by structured clone.

import type { Problem } from '../core/errors.ts';
import type { AnalyseOptions } from '../core/ports.ts';
import type { AnalysedImage } from '../core/types.ts';
import type { AddedPacks } from './face-models.ts';

/** Given to a vision process as its one argument, as JSON. */
export interface VisionProcessOptions {
  readonly intraOpThreads: number;
  /** Resident memory at which the process gives up. */
  readonly maxRssMb: number;
  /** Packs that the owner brought. */
  readonly added?: AddedPacks;
}

export interface AnalyseMessage {
  readonly kind: 'analyse';
  readonly requestId: number;
  readonly image: Uint8Array;
  readonly options: AnalyseOptions;
}

export type VisionReply =
  | { readonly kind: 'ready' }
  /** The process cannot start and says why; a model that its owner brought may be the reason. */
  | { readonly kind: 'unfit'; readonly message: string; readonly isModelRefused: boolean }
  /** The bytes turned out to be a photo: what goes wrong from here on is not their fault. */
  | { readonly kind: 'decoded'; readonly requestId: number }
  | { readonly kind: 'analysed'; readonly requestId: number; readonly result: AnalysedImage }
  /** Refused on purpose. */
  | { readonly kind: 'refused'; readonly requestId: number; readonly problem: Problem }
  | { readonly kind: 'failed'; readonly requestId: number; readonly message: string };
