import { beforeEach, describe, expect, test } from 'vitest';
import { JobQueue } from './job-queue.ts';

let nowMs: number;
let queue: JobQueue<number>;
beforeEach(() => {
  nowMs = 1e6;
  queue = new JobQueue({ maxQueued: 4, nowMs: () => nowMs });
});

const pushAll = (...jobs: number[]) => jobs.flatMap((job) => queue.push(job));
const takeAll = () => {
  const taken: number[] = [];
  for (let job = queue.take(); job !== undefined; job = queue.take()) taken.push(job);
  return taken;
};

describe('a burst', () => {
  test('is served whole and in its order, however long that takes', () => {
    expect(pushAll(1, 2, 3, 4)).toEqual([]);
    nowMs += 60_000;
    expect(queue.takeOverdue()).toEqual([]);
    expect(takeAll()).toEqual([1, 2, 3, 4]);
  });

  test('that does not fit loses its last, at once', () => {
    expect(pushAll(1, 2, 3, 4, 5, 6)).toEqual([5, 6]);
    expect(takeAll()).toEqual([1, 2, 3, 4]);
  });

  test('leaves nothing behind for the next', () => {
    pushAll(1, 2, 3, 4, 5);
    takeAll();
    nowMs += 5000;
    expect(pushAll(6, 7, 8, 9)).toEqual([]);
    nowMs += 5000;
    expect(queue.takeOverdue()).toEqual([]);
    expect(takeAll()).toEqual([6, 7, 8, 9]);
  });
});

describe('more than can ever be served', () => {
  beforeEach(() => {
    pushAll(1, 2, 3, 4, 5);
    nowMs += 1000;
  });

  test('refuses who waited too long, and serves the newest first', () => {
    expect(queue.push(6)).toEqual([1, 2, 3, 4]);
    nowMs += 60;
    expect(pushAll(7, 8)).toEqual([]);
    expect(queue.take()).toBe(8);
    nowMs += 100;
    expect(queue.takeOverdue()).toEqual([6]);
    expect(queue.take()).toBe(7);
  });

  test('lets the newest in for the oldest when it is full', () => {
    pushAll(6, 7, 8, 9);
    expect(queue.push(10)).toEqual([6]);
    expect(takeAll()).toEqual([10, 9, 8, 7]);
  });

  test('is over once the queue was empty', () => {
    queue.push(6);
    takeAll();
    expect(pushAll(7, 8, 9)).toEqual([]);
    nowMs += 60_000;
    expect(queue.takeOverdue()).toEqual([]);
    expect(takeAll()).toEqual([7, 8, 9]);
  });

  test('is not told by one refusal, however long ago', () => {
    nowMs += 60_000;
    expect(queue.takeOverdue()).toEqual([]);
    expect(takeAll()).toEqual([1, 2, 3, 4]);
  });
});

test('a queue that stands for longer than a burst lets nobody wait for more than a second', () => {
  pushAll(1, 2);
  for (let job = 3; job <= 7; job++) {
    nowMs += 100;
    queue.push(job);
    expect(queue.take()).toBe(job - 2);
  }
  nowMs += 950;
  expect(queue.takeOverdue()).toEqual([6]);
  expect(queue.take()).toBe(7);
});

test('what is removed is neither served nor refused', () => {
  pushAll(1, 2, 3);
  queue.remove(2);
  expect(queue.clear()).toEqual([1, 3]);
  expect(queue.take()).toBeUndefined();
});
