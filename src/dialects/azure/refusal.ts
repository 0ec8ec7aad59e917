/** An answer that only Azure's contract knows, in its own words: what core has no notion of. */
export class AzureRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'AzureRefusal';
    this.status = status;
    this.code = code;
  }
}

export function badArgument(message: string): AzureRefusal {
  return new AzureRefusal(400, 'BadArgument', message);
}
