export interface ToUpgradeRow {
  readonly enrolmentNo: number;
  readonly enrolmentId: string;
  readonly personId: string;
  readonly wrappedKey: Uint8Array;
  readonly sealedPhoto: Uint8Array | null;
}
