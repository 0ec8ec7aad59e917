/** Persons who were said to be two people, by number: whoever looks like them and is somebody else. */
export type Apart = ReadonlyMap<number, readonly number[]>;

/** Of the numbers of each pair, two by two. */
export function apartOf(personNos: Uint32Array): Apart {
  const apart = new Map<number, number[]>();
  const note = (personNo: number, other: number): void => {
    const others = apart.get(personNo);
    if (others) others.push(other);
    else apart.set(personNo, [other]);
  };
  for (let i = 0; i + 1 < personNos.length; i += 2) {
    const [personNo, other] = [personNos[i] as number, personNos[i + 1] as number];
    note(personNo, other);
    note(other, personNo);
  }
  return apart;
}

export function areApart(apart: Apart, personNo: number, other: number): boolean {
  return apart.get(personNo)?.includes(other) ?? false;
}
