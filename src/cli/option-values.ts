import { InvalidArgumentError } from 'commander';

/** A number from 0 to 1. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('It is a number from 0 to 1.');
  return value;
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** Epoch milliseconds of a date or a time; UTC unless it says otherwise. */
export function instant(text: string): number {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/.test(text);
  const hasZone = isDate || /(Z|[+-]\d{2}:\d{2})$/.test(text);
  const timeMs = Date.parse(hasZone ? text : `${text}Z`);
  if ((!isDate && !isTime) || !isDay(text.slice(0, 10)) || Number.isNaN(timeMs)) {
    throw new InvalidArgumentError('It is a date or a time: 2031-05-01, or 2031-05-01T08:00:00Z.');
  }
  return timeMs;
}

/** Date.parse takes the 31st of February for the 3rd of March. */
function isDay(text: string): boolean {
  const timeMs = Date.parse(text);
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(text);
}
