// What the owner of a model says of it, in a JSON file beside the weights. Loaded where there is such a file: the library
// of the schemas takes longer to load than all that a command of few words does.
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Calibration } from '../core/types.ts';
import { ModelRefusedError } from './model-refused-error.ts';

const Numbers = Type.Union([Type.Number(), Type.Array(Type.Number(), { minItems: 3, maxItems: 3 })]);

const CalibrationSchema = Type.Object(
  {
    midpointScore: Type.Number({ minimum: -1, maximum: 1 }),
    slope: Type.Number({ exclusiveMinimum: 0 }),
    impostorTail: Type.Array(
      Type.Object({
        score: Type.Number({ minimum: -1, maximum: 1 }),
        falseMatchRate: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
      }),
      { minItems: 2 },
    ),
    measuredOn: Type.String({ minLength: 1 }),
  },
  { additionalProperties: false },
);

const ManifestSchema = Type.Object(
  {
    packId: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,63}$' }),
    version: Type.String({ minLength: 1, maxLength: 64 }),
    description: Type.String({ minLength: 1, maxLength: 500 }),
    /** The ONNX file, beside the manifest. */
    file: Type.String({ pattern: '^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$' }),
    /** Of the file, hex. */
    sha256: Type.String({ pattern: '^[0-9a-fA-F]{64}$' }),
    /** Length of a template. */
    dims: Type.Integer({ minimum: 16, maximum: 4096 }),
    weightsLicence: Type.String({ minLength: 1, maxLength: 500 }),
    trainingData: Type.String({ minLength: 1, maxLength: 2000 }),
    /** One input, 1×3×side×side, float32: value = (byte − mean) · scale, for all colours or red, green, blue. */
    input: Type.Object(
      {
        sidePx: Type.Integer({ minimum: 32, maximum: 512 }),
        colourOrder: Type.Union([Type.Literal('rgb'), Type.Literal('bgr')]),
        mean: Numbers,
        scale: Numbers,
        /** Where eyes, nose tip and corners of the mouth lie in the input; without them, where ArcFace puts them. */
        points: Type.Optional(
          Type.Array(Type.Array(Type.Number(), { minItems: 2, maxItems: 2 }), { minItems: 5, maxItems: 5 }),
        ),
      },
      { additionalProperties: false },
    ),
    /** Needed where the network has several outputs. */
    output: Type.Optional(Type.String({ minLength: 1 })),
    calibration: Type.Optional(CalibrationSchema),
  },
  { additionalProperties: false },
);

export type ModelManifest = Omit<Static<typeof ManifestSchema>, 'calibration'> & { readonly calibration?: Calibration };

const validator = Compile(ManifestSchema);

/** Throws ModelRefusedError that says which member is wrong. `where` names the file in the message. */
export function parseManifest(text: string, where: string): ModelManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModelRefusedError(`${where} is not JSON: ${(cause as Error).message}. Write it anew.`, { cause });
  }
  if (!validator.Check(value)) {
    const [first] = validator.Errors(value);
    const member = first?.instancePath ? first.instancePath.slice(1).replaceAll('/', '.') : 'the manifest';
    throw new ModelRefusedError(
      `${where} can't be used: ${member} ${first?.message ?? 'is wrong'}. docs/models.md shows what a manifest holds.`,
    );
  }
  checkTail(value.calibration, where);
  return value;
}

function checkTail(calibration: Calibration | undefined, where: string): void {
  const tail = calibration?.impostorTail ?? [];
  for (const [i, point] of tail.entries()) {
    const before = tail[i - 1];
    if (before && (point.score <= before.score || point.falseMatchRate >= before.falseMatchRate)) {
      throw new ModelRefusedError(
        `${where} can't be used: scores of calibration.impostorTail must rise and its rates fall. "kith models calibrate" measures them.`,
      );
    }
  }
}
