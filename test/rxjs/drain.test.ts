import {
  concat,
  defer,
  EMPTY,
  filter,
  from,
  lastValueFrom,
  map,
  merge,
  NEVER,
  type Observable,
  of,
  range,
  Subject,
  scan,
  startWith,
  take,
  tap,
  timer,
  toArray,
} from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { beforeEach, describe, expect, it } from 'vitest';

import { Stream } from '../../lib/index.js';
import { drain, drainScan, fromStream } from '../../lib/rxjs.js';
import { HandFed } from '../streams/hand_fed.js';

let marbles: TestScheduler;
beforeEach(() => {
  marbles = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
});

/** Work that is done when the test says so. */
class Bench {
  readonly started: number[] = [];
  readonly #jobs = new Map<number, Subject<string>>();

  readonly work = (value: number): Observable<string> => {
    this.started.push(value);
    const job = new Subject<string>();
    this.#jobs.set(value, job);
    return job;
  };

  get running(): number {
    return this.#jobs.size;
  }

  result(value: number, ...results: string[]): void {
    for (const result of results) this.#jobs.get(value)?.next(result);
  }

  done(...values: number[]): void {
    for (const value of values) {
      const job = this.#jobs.get(value);
      this.#jobs.delete(value);
      job?.next(`${value}`);
      job?.complete();
    }
  }

  fail(value: number, error: Error): void {
    this.#jobs.get(value)?.error(error);
  }
}

describe('drain, in marbles', () => {
  it('does one after the other', () => {
    marbles.run(({ hot, cold, expectObservable }) => {
      const source = hot('  -abc----|');
      const work = cold('    --x|');
      const expected = '     ---x--x--x|';
      expectObservable(source.pipe(drain(() => work))).toBe(expected);
    });
  });

  it('does as much side by side as it may', () => {
    marbles.run(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  -abc-------|');
      const work = cold('    ---x|');
      const expected = '     ----xx--x--|';
      expectObservable(source.pipe(drain(() => work, { concurrency: 2 }))).toBe(expected);
      expectSubscriptions(work.subscriptions).toBe(['-^---!', '--^---!', '-----^---!']);
    });
  });

  it('keeps the order of the values, also if a later one is done first', () => {
    marbles.run(({ hot, cold, expectObservable }) => {
      const source = hot('  -ab---------|');
      const jobs: Record<string, Observable<string>> = {
        a: cold('            -1---2|'),
        b: cold('             3-4|'),
      };
      const expected = '     --1---2(34)-|';
      const project = (name: string): Observable<string> => jobs[name] ?? EMPTY;
      expectObservable(source.pipe(drain(project, { concurrency: 2 }))).toBe(expected);
    });
  });

  it('lets results go as they come where no order is asked for', () => {
    marbles.run(({ hot, cold, expectObservable }) => {
      const source = hot('  -ab-------|');
      const jobs: Record<string, Observable<string>> = {
        a: cold('            -1---2|'),
        b: cold('             -3-4|'),
      };
      const expected = '     --13-42---|';
      const project = (name: string): Observable<string> => jobs[name] ?? EMPTY;
      const loose = { concurrency: 2, ordered: false };
      expectObservable(source.pipe(drain(project, loose))).toBe(expected);
    });
  });

  it('ends when the source has ended and all work is done', () => {
    marbles.run(({ hot, cold, expectObservable }) => {
      const source = hot('  -a|');
      const work = cold('    ----x--|');
      expectObservable(source.pipe(drain(() => work))).toBe('-----x--|');
      expectObservable(hot('--|').pipe(drain(() => NEVER))).toBe('--|');
    });
  });

  it('ends with the first error, of the source or of work, and drops what runs', () => {
    marbles.run(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const work = cold('           ------x|');
      const failing = hot('  -ab-#');
      const two = { concurrency: 2 };
      expectObservable(failing.pipe(drain(() => work, two))).toBe('----#');
      expectSubscriptions(work.subscriptions).toBe(['-^--!', '--^-!']);
      const broken = cold('  --#');
      expectObservable(hot(' -a------|').pipe(drain(() => broken))).toBe('---#');
      const thrown = (): never => {
        throw 'error';
      };
      expectObservable(hot(' -a------|').pipe(drain(thrown))).toBe('-#');
    });
  });

  it('stops everything when it is unsubscribed', () => {
    marbles.run(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  -ab-----|');
      const work = cold('    -----x|');
      const pipe = source.pipe(drain(() => work, { concurrency: 2 }));
      expectObservable(pipe, '^--!').toBe('----');
      expectSubscriptions(source.subscriptions).toBe('^--!');
      expectSubscriptions(work.subscriptions).toBe(['-^-!', '--^!']);
    });
  });
});

describe('drain', () => {
  it('takes promises, iterables and async iterables, with the index', async () => {
    const source = of('a', 'b');
    const promised = source.pipe(
      drain(async (value, index) => value + index),
      toArray(),
    );
    expect(await lastValueFrom(promised)).toEqual(['a0', 'b1']);
    const many = source.pipe(
      drain((value) => [value, value]),
      toArray(),
    );
    expect(await lastValueFrom(many)).toEqual(['a', 'a', 'b', 'b']);
    const streams = source.pipe(
      drain(async function* (value) {
        yield value;
        yield value.toUpperCase();
      }),
      toArray(),
    );
    expect(await lastValueFrom(streams)).toEqual(['a', 'A', 'b', 'B']);
  });

  it('does not grow the stack with work that is done at once', async () => {
    const sum = range(0, 100_000).pipe(
      drain((value) => [value]),
      scan((total, value) => total + value, 0),
    );
    expect(await lastValueFrom(sum)).toBe(4_999_950_000);
  });

  it('leaves a source that never ends as soon as there is enough', () => {
    let asked = 0;
    const endless = defer(function* () {
      for (;;) yield asked++;
    });
    const got: number[] = [];
    endless
      .pipe(
        drain((value) => [value]),
        take(3),
      )
      .subscribe((value) => got.push(value));
    expect(got).toEqual([0, 1, 2]);
    expect(asked).toBe(3);
  });

  it('hands on results in order although an observer makes later ones come in between', () => {
    const bench = new Bench();
    const got: string[] = [];
    of(1, 2)
      .pipe(drain(bench.work, { concurrency: 2 }))
      .subscribe((result) => {
        got.push(result);
        if (result === 'x') bench.result(2, 'z');
      });
    bench.result(2, 'x', 'y');
    bench.done(1);
    bench.done(2);
    expect(got).toEqual(['1', 'x', 'y', 'z', '2']);
  });

  it('refuses options that make no sense', () => {
    const code = (value: string): unknown => expect.objectContaining({ code: value });
    const work = (): number[] => [];
    for (const concurrency of [0, -1, 1.5, Number.NaN]) {
      expect(() => drain(work, { concurrency })).toThrow(code('ERR_OUT_OF_RANGE'));
    }
    expect(() => drain(work, { concurrency: '2' as never })).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => drain(work, null as never)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => drain(1 as never)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => drainScan(1 as never, 0)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => drain(work, { concurrency: Number.POSITIVE_INFINITY })).not.toThrow();
  });
});

describe('work that runs holds the stream', () => {
  it('whose window fills, and whose source is muted; nothing is lost', () => {
    const source = new HandFed({ window: 4 });
    const bench = new Bench();
    const got: string[] = [];
    const pipe = fromStream(source.stream).pipe(drain(bench.work));
    const subscription = pipe.subscribe((result) => got.push(result));
    source.push(0, 1, 2, 3);
    expect(bench.started).toEqual([0]);
    expect(source.muted).toBe(false);
    source.push(4);
    expect(source.muted).toBe(true);
    bench.done(0);
    expect(bench.started).toEqual([0, 1]);
    expect(source.muted).toBe(true);
    bench.done(1, 2);
    expect(source.muted).toBe(false);
    bench.done(3, 4);
    expect(got).toEqual(['0', '1', '2', '3', '4']);
    subscription.unsubscribe();
    expect(source.closed).toBe(1);
  });

  it('of level: a value that comes while work runs is not taken, and asked for again', () => {
    const source = new HandFed({ level: true });
    const bench = new Bench();
    fromStream(source.stream).pipe(drain(bench.work)).subscribe();
    expect(source.push(0)).toBe(1);
    expect(source.push(1)).toBe(0);
    expect(source.muted).toBe(true);
    bench.done(0);
    expect(source.muted).toBe(false);
    expect(source.push(2)).toBe(1);
    expect(bench.started).toEqual([0, 2]);
  });

  it('up to the limit of concurrency, where results that wait for earlier ones count', () => {
    const source = new HandFed({ window: 1 });
    const bench = new Bench();
    const got: string[] = [];
    fromStream(source.stream)
      .pipe(drain(bench.work, { concurrency: 3 }))
      .subscribe((result) => got.push(result));
    source.push(0, 1, 2, 3);
    expect(bench.started).toEqual([0, 1, 2]);
    expect(source.muted).toBe(true);
    bench.done(1, 2);
    expect(got).toEqual([]);
    expect(bench.started).toEqual([0, 1, 2]);
    bench.done(0);
    expect(got).toEqual(['0', '1', '2']);
    expect(bench.started).toEqual([0, 1, 2, 3]);
    expect(source.muted).toBe(false);
  });

  it('a fast one, a thousand times, with a bounded number of values on their way', async () => {
    const source = new HandFed({ window: 8 });
    let pushed = 0;
    let most = 0;
    let finished = 0;
    const done = lastValueFrom(
      fromStream(source.stream).pipe(
        drain(
          async () => {
            most = Math.max(most, pushed - finished);
            await new Promise(setImmediate);
            finished += 1;
          },
          { concurrency: 4, ordered: false },
        ),
      ),
    );
    while (pushed < 1000) {
      while (!source.muted && pushed < 1000) {
        pushed += 1;
        source.push(pushed);
      }
      await new Promise(setImmediate);
    }
    source.sink.end();
    await done;
    expect(finished).toBe(1000);
    expect(most).toBeLessThanOrEqual(8 + 4);
  });

  it('through operators that let values pass at once', () => {
    const source = new HandFed({ window: 2 });
    const bench = new Bench();
    const got: string[] = [];
    fromStream(source.stream)
      .pipe(
        filter((value) => value % 2 === 0),
        map((value) => value * 10),
        startWith(-10),
        tap((value) => got.push(`saw ${value}`)),
        drain(bench.work),
      )
      .subscribe();
    expect(bench.started).toEqual([-10]);
    source.push(1, 2);
    expect(source.muted).toBe(true);
    bench.done(-10);
    // The odd one made no work, so the next was asked for.
    expect(bench.started).toEqual([-10, 20]);
    expect(source.muted).toBe(false);
    source.push(3, 4);
    expect(source.muted).toBe(true);
    bench.done(20);
    expect(bench.started).toEqual([-10, 20, 40]);
    expect(got).toEqual(['saw -10', 'saw 20', 'saw 40']);
  });

  it('or all that are merged into one pipe', () => {
    const sources = [new HandFed({ window: 1 }), new HandFed({ window: 1 })] as const;
    const bench = new Bench();
    merge(...sources.map(({ stream }) => fromStream(stream)))
      .pipe(drain(bench.work))
      .subscribe();
    sources[0].push(1);
    sources[0].push(2);
    sources[1].push(3);
    expect(sources.map(({ muted }) => muted)).toEqual([true, true]);
    bench.done(1);
    expect(bench.started).toEqual([1, 2]);
    expect(sources.map(({ muted }) => muted)).toEqual([false, true]);
    bench.done(2);
    expect(bench.started).toEqual([1, 2, 3]);
  });

  it('also from further down: one drain holds the one before', () => {
    const source = new HandFed({ window: 1 });
    const bench = new Bench();
    fromStream(source.stream)
      .pipe(
        drain((value) => [value]),
        drain(bench.work),
      )
      .subscribe();
    source.push(1, 2);
    expect(bench.started).toEqual([1]);
    expect(source.muted).toBe(true);
    bench.done(1);
    expect(bench.started).toEqual([1, 2]);
    expect(source.muted).toBe(false);
  });

  it('but not the streams that the work itself reads', () => {
    const outer = new HandFed();
    const inner = new HandFed({ window: 1 });
    const got: number[] = [];
    fromStream(outer.stream)
      .pipe(drain(() => fromStream(inner.stream)))
      .subscribe((value) => got.push(value));
    outer.push(0, 1);
    inner.push(1, 2, 3);
    expect(got).toEqual([1, 2, 3]);
    inner.sink.end();
    expect(inner.opened).toBe(2);
    inner.push(4);
    expect(got).toEqual([1, 2, 3, 4]);
  });

  it('an iterable too, and a stream that is derived from one', async () => {
    let asked = 0;
    async function* numbers(): AsyncGenerator<number> {
      for (; asked < 5; asked += 1) yield asked;
    }
    const bench = new Bench();
    const finished = lastValueFrom(fromStream(numbers()).pipe(drain(bench.work), toArray()));
    for (let value = 0; value < 5; value += 1) {
      await expect.poll(() => bench.started.at(-1)).toBe(value);
      expect(asked).toBe(value);
      bench.done(value);
    }
    expect(await finished).toEqual(['0', '1', '2', '3', '4']);

    const source = new HandFed({ window: 1 });
    const other = new Bench();
    const derived = fromStream(source.stream.map((value) => -value))
      .pipe(drain(other.work))
      .subscribe();
    await expect.poll(() => source.opened).toBe(1);
    source.push(1, 2);
    await expect.poll(() => other.started).toEqual([-1]);
    expect(source.muted).toBe(true);
    other.done(-1);
    await expect.poll(() => other.started).toEqual([-1, -2]);
    derived.unsubscribe();
    await expect.poll(() => source.closed).toBe(1);
  });

  it('and lets go of it: what was not worked on is for the next reader', () => {
    const source = new HandFed();
    const keeper: number[] = [];
    const bench = new Bench();
    const subscription = fromStream(source.stream).pipe(drain(bench.work)).subscribe();
    source.push(0, 1, 2);
    fromStream(source.stream).subscribe((value) => keeper.push(value));
    subscription.unsubscribe();
    expect(bench.started).toEqual([0]);
    expect(keeper).toEqual([1, 2]);
  });

  it('until its end: values before the end, or an error, are worked on first', () => {
    const source = new HandFed();
    const bench = new Bench();
    const seen: string[] = [];
    fromStream(source.stream)
      .pipe(drain(bench.work))
      .subscribe({ next: (value) => seen.push(value), error: (error) => seen.push(error.message) });
    source.push(0, 1);
    source.sink.fail(new Error('broken'));
    expect(seen).toEqual([]);
    bench.done(0);
    bench.done(1);
    expect(seen).toEqual(['0', '1', 'broken']);
  });
});

describe('an Observable that cannot be held', () => {
  it('is worked on all the same: what it emits meanwhile waits', () => {
    const source = new Subject<number>();
    const bench = new Bench();
    const got: string[] = [];
    source.pipe(drain(bench.work)).subscribe((result) => got.push(result));
    for (const value of [0, 1, 2]) source.next(value);
    source.complete();
    expect(bench.started).toEqual([0]);
    bench.done(0);
    bench.done(1);
    bench.done(2);
    expect(got).toEqual(['0', '1', '2']);
  });
});

describe('drainScan', () => {
  it('works on each value with the state that the one before has left', async () => {
    const states = from(['a', 'b', 'c']).pipe(
      drainScan(async (state: string, value, index) => `${state}${value}${index}`, '-'),
      toArray(),
    );
    expect(await lastValueFrom(states)).toEqual(['-a0', '-a0b1', '-a0b1c2']);
  });

  it('begins anew with the seed for each subscriber', async () => {
    const sum = of(1, 2, 3).pipe(drainScan((total, value) => [total + value], 0));
    expect(await lastValueFrom(sum)).toBe(6);
    expect(await lastValueFrom(sum)).toBe(6);
  });

  it('holds the stream', () => {
    const source = new HandFed({ window: 1 });
    const gates: Subject<number>[] = [];
    const states: number[] = [];
    fromStream(source.stream)
      .pipe(
        drainScan((state, value) => {
          const gate = new Subject<number>();
          gates.push(gate);
          return gate.pipe(map((factor) => state + value * factor));
        }, 0),
      )
      .subscribe((state) => states.push(state));
    source.push(1, 2);
    expect(gates).toHaveLength(1);
    expect(source.muted).toBe(true);
    gates[0]?.next(10);
    gates[0]?.complete();
    expect(gates).toHaveLength(2);
    gates[1]?.next(100);
    gates[1]?.complete();
    expect(states).toEqual([10, 210]);
  });

  it('in marbles', () => {
    marbles.run(({ hot, expectObservable }) => {
      const states = hot('-12---3|').pipe(
        drainScan((state, value) => timer(2).pipe(map(() => state + value)), ''),
      );
      expectObservable(states).toBe('---a-b--(c|)', { a: '1', b: '12', c: '123' });
    });
  });
});

it('a stream that fails at once is an error, behind operators too', () => {
  const source = new HandFed();
  source.failure = new Error('cannot open');
  const seen: string[] = [];
  concat(of(0), fromStream(source.stream))
    .pipe(drain((value) => [value]))
    .subscribe({ next: (value) => seen.push(`${value}`), error: (error) => seen.push(error.message) });
  expect(seen).toEqual(['0', 'cannot open']);
  expect(source.stream).toBeInstanceOf(Stream);
});
