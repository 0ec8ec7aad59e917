/** The best persons seen so far, one entry a person: by score, then by person number. */
export class TopPersons {
  readonly #wanted: number;
  readonly persons: Uint32Array;
  readonly enrolments: Uint32Array;
  readonly scores: Float32Array;
  count = 0;

  constructor(wanted: number) {
    this.#wanted = wanted;
    this.persons = new Uint32Array(wanted);
    this.enrolments = new Uint32Array(wanted);
    this.scores = new Float32Array(wanted);
  }

  /** A person below it can't come in any more; −∞ while there is room. */
  get bar(): number {
    return this.count < this.#wanted ? Number.NEGATIVE_INFINITY : (this.scores[this.count - 1] as number);
  }

  offer(personNo: number, enrolmentNo: number, score: number): void {
    if (this.#wanted === 0 || score < this.bar) return;
    let at = this.persons.subarray(0, this.count).indexOf(personNo);
    if (at >= 0) {
      const known = this.scores[at] as number;
      if (score < known || (score === known && enrolmentNo >= (this.enrolments[at] as number))) return;
    } else if (this.count < this.#wanted) {
      at = this.count++;
    } else {
      at = this.count - 1;
      if (score === this.scores[at] && personNo > (this.persons[at] as number)) return;
    }
    // Whoever stands at `at` goes; those between the new place and it move down by one
    const place = this.#placeOf(score, personNo, at);
    for (const column of [this.persons, this.enrolments, this.scores]) column.copyWithin(place + 1, place, at);
    this.persons[place] = personNo;
    this.enrolments[place] = enrolmentNo;
    this.scores[place] = score;
  }

  /** First of the entries before `end` that comes after (score, personNo). */
  #placeOf(score: number, personNo: number, end: number): number {
    let from = 0;
    let to = end;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const other = this.scores[middle] as number;
      const before = other > score || (other === score && (this.persons[middle] as number) < personNo);
      if (before) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
