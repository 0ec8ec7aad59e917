/** Lets everybody else who waits have their turn: long loops call it every 10 ms or so. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
