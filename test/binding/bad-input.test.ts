import { afterAll, describe, expect, it } from 'vitest';

import { binding } from '../../lib/abi/binding.js';
import { CONTROL_LENGTH } from '../../lib/abi/handles.js';

const native = binding();
const shared = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));

function detached(): Uint8Array {
  const view = new Uint8Array(400);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

const GARBAGE: readonly unknown[] = [
  undefined,
  null,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  -0.5,
  1.5,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e300,
  1n,
  '',
  'x\0y',
  Symbol('s'),
  true,
  {},
  [],
  () => 0,
  new ArrayBuffer(40),
  new SharedArrayBuffer(40),
  new DataView(new ArrayBuffer(40)),
  new Uint8Array(0),
  new Uint8Array(40).subarray(1),
  new Float64Array(1),
  detached(),
  new Proxy({}, {}),
];

const FUNCTIONS = [
  ['share', 2],
  ['close', 1],
  ['ctl', 4],
  ['getEvents', 7],
  ['wait', 6],
  ['commit', 3],
  ['consumerOpen', 1],
  ['consumerClose', 2],
  ['claim', 7],
  ['finish', 4],
  ['payload', 3],
  ['inodeWatch', 3],
  ['inodeUnwatch', 2],
  ['inodeGroup', 1],
  ['inodeGroupWatch', 4],
  ['inodeGroupUnwatch', 3],
  ['inodeGroupBacklog', 2],
  ['directoryRead', 2],
  ['timerCreate', 1],
  ['timerSettime', 6],
  ['timerGettime', 2],
  ['timerDelete', 1],
  ['stats', 2],
  ['pidfdOpen', 1],
  ['pidfdClose', 1],
  ['pidWait', 1],
  ['accept', 2],
  ['naioSlab', 3],
  ['naioBlock', 3],
  ['naioClose', 2],
  ['naioSend', 4],
  ['socketOpen', 2],
  ['socketBind', 4],
  ['socketBindPath', 2],
  ['socketListen', 2],
  ['socketConnect', 3],
  ['socketConnectPath', 2],
  ['socketAccept', 2],
  ['socketReceive', 2],
  ['socketSend', 2],
  ['socketShutdown', 2],
  ['socketName', 1],
  ['socketPeer', 1],
  ['socketSetOption', 4],
  ['socketGetOption', 4],
  ['socketReset', 1],
  ['sendfile', 4],
  ['adoptFd', 1],
  ['disownFd', 1],
  ['closeFd', 1],
  ['setNonblocking', 1],
  ['fdKind', 1],
  ['init', 3],
] as const;

const NUMBERS = 1;

/** Arguments with which a call does no harm and does not wait, `bad` in one place. */
function argumentsWith(fd: number, name: string, count: number, place: number, bad: unknown): unknown[] {
  const good = Array.from({ length: count }, (_, i): unknown => (i === 0 ? fd : NUMBERS));
  const memory: Record<string, [number, unknown][]> = {
    init: [[0, null]],
    share: [[1, null]],
    ctl: [[3, new Uint8Array(400)]],
    // Non-blocking, so that a call whose other arguments are good returns.
    getEvents: [
      [5, new Uint8Array(400)],
      [6, 0x10],
    ],
    wait: [[5, 0x10]],
    claim: [
      [5, 0x10],
      [6, new Float64Array(1)],
    ],
    payload: [[2, null]],
    inodeWatch: [[1, '/']],
    inodeGroupWatch: [[2, '/']],
    timerGettime: [[1, new Float64Array(4)]],
    stats: [[1, new Float64Array(12)]],
    accept: [[1, new Uint8Array(128)]],
    naioBlock: [[2, false]],
    naioClose: [[1, new Uint8Array(40)]],
    naioSend: [
      [0, new Int32Array(8)],
      [2, new Uint8Array(40)],
      [3, []],
    ],
    socketOpen: [[0, 4]],
    socketBind: [[1, '127.0.0.1']],
    socketBindPath: [[1, '/nowhere/kevent']],
    socketConnect: [[1, '127.0.0.1']],
    socketConnectPath: [[1, '/nowhere/kevent']],
    socketAccept: [[1, new Int32Array(4)]],
    socketReceive: [[1, new Uint8Array(4)]],
    socketSend: [[1, new Uint8Array(4)]],
    socketGetOption: [[3, new Int32Array(1)]],
  };
  for (const [i, value] of memory[name] ?? []) good[i] = value;
  good[place] = bad;
  return good;
}

function outcome(call: () => unknown): string {
  try {
    const result = call();
    return typeof result;
  } catch (error) {
    return error instanceof TypeError ? 'TypeError' : `${error}`;
  }
}

describe('a function of the binding', () => {
  let fd = native.init(shared(8 + 40 * 8), 8, 0);
  afterAll(() => native.close(fd));

  it.each(FUNCTIONS)('%s answers each wrong argument with a number or a TypeError', (name, count) => {
    const call = native[name] as (...values: unknown[]) => number;
    for (let place = 0; place < count; place += 1) {
      for (const bad of GARBAGE) {
        const values = argumentsWith(fd, name, count, place, bad);
        // getEvents, wait and claim with a flag lost would wait: for one slice, then they come back.
        const what = outcome(() => Reflect.apply(call, native, values));
        // naioBlock, socketName and fdKind answer with what was asked for, if there is any.
        expect(['number', 'object', 'TypeError']).toContain(what);
        if (name === 'init' && what === 'number') {
          const made = Reflect.apply(call, native, values);
          if (made >= 0) native.close(made);
        }
      }
    }
    native.close(fd);
    fd = native.init(shared(8 + 40 * 8), 8, 0);
  });

  it.each(FUNCTIONS)('%s survives being called without arguments and with too many', (name) => {
    const call = native[name] as (...values: unknown[]) => number;
    expect(['number', 'TypeError']).toContain(outcome(() => Reflect.apply(call, undefined, [])));
    expect(['number', 'TypeError']).toContain(outcome(() => Reflect.apply(call, 1, new Array(50).fill({}))));
  });
});

describe('memory', () => {
  it('is refused with -EFAULT when it is shorter than what is said', () => {
    const fd = native.init(null, 0, 0);
    expect(native.ctl(fd, 0, 11, new Uint8Array(400))).toBe(-14);
    expect(native.ctl(fd, 0, 2 ** 32 - 1, new Uint8Array(400))).toBe(-14);
    expect(native.ctl(fd, 0, 1, detached())).toBe(-14);
    expect(native.getEvents(fd, 0, 11, 0, 0, new Uint8Array(400), 0)).toBe(-14);
    expect(native.stats(fd, new Float64Array(11))).toBe(-14);
    native.close(fd);
  });

  it('is refused with -EINVAL when it is not aligned', () => {
    const fd = native.init(null, 0, 0);
    expect(native.ctl(fd, 0, 1, new Uint8Array(400).subarray(4))).toBe(-22);
    expect(native.getEvents(fd, 0, 1, 0, 0, new Uint8Array(400).subarray(4), 0)).toBe(-22);
    native.close(fd);
  });

  it('counts with its present length when its buffer was resized', () => {
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(length: number): void };
    const buffer = new Resizable(400, { maxByteLength: 800 });
    const view = new Uint8Array(buffer);
    const fd = native.init(null, 0, 0);
    expect(native.ctl(fd, 1, 10, view)).toBe(0);
    buffer.resize(40);
    expect(native.ctl(fd, 1, 10, view)).toBe(-14);
    expect(native.ctl(fd, 1, 1, view)).toBe(0);
    native.close(fd);
  });

  it('of a ring must be shared, fixed, and long enough', () => {
    const Growable = SharedArrayBuffer as unknown as new (
      length: number,
      options: { maxByteLength: number },
    ) => SharedArrayBuffer;
    expect(() => native.init(new Uint8Array(1000), 2, 0)).toThrow(TypeError);
    expect(() => native.init(new Uint8Array(new Growable(1000, { maxByteLength: 2000 })), 2, 0)).toThrow(
      TypeError,
    );
    expect(native.init(shared(8 + 79), 2, 0)).toBe(-22);
    expect(native.init(shared(8 + 80).subarray(4), 2, 0)).toBe(-22);
    expect(native.init(shared(80), 2 ** 32 - 1, 0)).toBe(-22);
  });
});

describe('a class of the binding', () => {
  const control = (): Float64Array => new Float64Array(new SharedArrayBuffer(CONTROL_LENGTH * 8));
  const fd = native.init(shared(8 + 40 * 8), 8, 0);
  const make = {
    Attachment: () => new native.Attachment(fd, control(), () => undefined),
    Readiness: () => new native.Readiness(fd, () => undefined),
    Deadline: () => new native.Deadline(1, 0, 0, () => undefined),
  };
  afterAll(() => native.close(fd));

  it.each(Object.keys(make) as (keyof typeof make)[])('%s checks its constructor arguments', (name) => {
    const Class = native[name] as unknown as new (...values: unknown[]) => { close(): number };
    const good: Record<string, unknown[]> = {
      Attachment: [fd, control(), () => undefined],
      Readiness: [fd, () => undefined],
      Deadline: [1, 0, 0, () => undefined],
    };
    for (const [place] of (good[name] ?? []).entries()) {
      for (const bad of GARBAGE) {
        const values = [...(good[name] ?? [])];
        values[place] = bad;
        const what = outcome(() => new Class(...values).close());
        expect(['number', 'TypeError']).toContain(what);
      }
    }
    expect(() => Reflect.apply(Class, undefined, good[name] ?? [])).toThrow(TypeError);
  });

  it.each(Object.keys(make) as (keyof typeof make)[])('%s refuses receivers that are not its own', (name) => {
    const object = make[name]();
    const others: unknown[] = [{}, null, undefined, 1, native, Object.create(object), new Proxy(object, {})];
    for (const other of Object.keys(make) as (keyof typeof make)[])
      if (other !== name) others.push(make[other]());
    const prototype = Object.getPrototypeOf(object) as Record<string, (...values: unknown[]) => number>;
    for (const method of Object.getOwnPropertyNames(prototype)) {
      const called = prototype[method];
      if (method === 'constructor' || called === undefined) continue;
      for (const receiver of others) {
        expect(() => Reflect.apply(called, receiver, [1, 1]), method).toThrow(TypeError);
      }
    }
    object.close();
  });

  it.each(Object.keys(make) as (keyof typeof make)[])('%s survives every method after close', (name) => {
    const object = make[name]() as unknown as Record<string, (...values: unknown[]) => number>;
    expect(object['close']?.()).toBe(0);
    for (const method of Object.getOwnPropertyNames(Object.getPrototypeOf(object))) {
      if (method === 'constructor') continue;
      expect(['number', 'TypeError']).toContain(outcome(() => object[method]?.(1, 1)));
    }
    expect(object['close']?.()).toBe(0);
  });

  it('cannot be made twice of one object', () => {
    const Base = native.Readiness as unknown as new (...values: unknown[]) => object;
    const Attachment = native.Attachment as unknown as new (...values: unknown[]) => object;
    const target = new Base(fd, () => undefined);
    const construct = (): unknown => Reflect.construct(Attachment, [fd, control(), () => undefined], Base);
    expect(outcome(construct)).toBe('object');
    expect((target as { close(): number }).close()).toBe(0);
  });

  it('Attachment wants its control shared, and long enough', () => {
    expect(() => new native.Attachment(fd, new Float64Array(8), () => undefined)).toThrow(TypeError);
    const short = new Float64Array(new SharedArrayBuffer(7 * 8));
    expect(() => new native.Attachment(fd, short, () => undefined)).toThrow(TypeError);
  });

  it('Attachment needs a queue that this thread holds', () => {
    expect(new native.Attachment(0, control(), () => undefined).open()).toBe(-9);
    expect(new native.Attachment(99999, control(), () => undefined).open()).toBe(-9);
  });
});
