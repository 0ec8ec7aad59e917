/** Ends every complaint about a model: whoever reads it should know what to do. */
export class ModelRefusedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ModelRefusedError';
  }
}
