// Two ends of a connection that write, end, hold back and go on as they like, and what each must have heard in the end.
import { once } from 'node:events';
import type * as net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';

/** How bytes are handed to write(). */
const KINDS = ['buffer', 'latin1', 'utf8', 'hex', 'base64'] as const;
/** How an end takes what comes; `onread` is for those who connect only. */
const READERS = ['data', 'readable', 'iterate', 'onread'] as const;

type Kind = (typeof KINDS)[number];
type Reader = (typeof READERS)[number];
type Move =
  | { readonly what: 'write'; readonly size: number; readonly kind: Kind }
  | { readonly what: 'end'; readonly size: number; readonly kind: Kind }
  | { readonly what: 'cork' | 'uncork' | 'pause' | 'resume' }
  | { readonly what: 'wait'; readonly turns: number };

interface End {
  readonly reader: Reader;
  readonly allowHalfOpen: boolean;
  readonly highWaterMark: number;
}

/** The moves are of one end or of the other: those of 0 of the one that connects. */
export interface Conversation {
  readonly isUnix: boolean;
  readonly ends: readonly [End, End];
  readonly moves: readonly (readonly [0 | 1, Move])[];
}

const size = fc.oneof(
  { weight: 4, arbitrary: fc.nat(300) },
  { weight: 2, arbitrary: fc.constantFrom(4095, 4096, 4097, 16383, 16384, 16385, 65536) },
  { weight: 1, arbitrary: fc.nat(400_000) },
);
const kind = fc.constantFrom(...KINDS);
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('write' as const), size, kind }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('end' as const), size, kind }) },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constantFrom('cork' as const, 'uncork', 'pause', 'resume') }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('wait' as const), turns: fc.nat(3) }) },
);
const end = (readers: readonly Reader[]): fc.Arbitrary<End> =>
  fc.record({
    reader: fc.constantFrom(...readers),
    allowHalfOpen: fc.boolean(),
    highWaterMark: fc.constantFrom(0, 1, 1000, 16384, 65536, 1_000_000),
  });

export const conversations: fc.Arbitrary<Conversation> = fc.record({
  isUnix: fc.boolean(),
  ends: fc.tuple(end(READERS), end(READERS.filter((reader) => reader !== 'onread'))),
  moves: fc.array(fc.tuple(fc.constantFrom(0 as const, 1), move), { maxLength: 25 }),
});

/** What an end sends: a byte follows from how many came before it. */
function content(from: number, length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i += 1) {
    const offset = from + i;
    bytes[i] = (offset * 31 + (offset >> 7) * 17 + seed) & 0x7f;
  }
  return bytes;
}

/** One end, and what it has done and heard. */
class Speaker {
  written = 0;
  heard = 0;
  isRight = true;
  isEnded = false;
  callbacks: number[] = [];
  writes = 0;
  events: string[] = [];
  socket: net.Socket | undefined;
  readonly #number: number;
  readonly #end: End;

  constructor(number: number, end: End) {
    this.#number = number;
    this.#end = end;
  }

  hear(chunk: Uint8Array): void {
    const expected = content(this.heard, chunk.length, 1 - this.#number);
    this.isRight &&= Buffer.compare(expected, chunk) === 0;
    this.heard += chunk.length;
  }

  begin(socket: net.Socket): void {
    this.socket = socket;
    for (const name of ['end', 'finish', 'close', 'error', 'timeout'])
      socket.on(name, (detail) => this.events.push(detail === undefined ? name : `${name} ${detail}`));
    const { reader } = this.#end;
    if (reader === 'data') socket.on('data', (chunk) => this.hear(chunk));
    if (reader === 'iterate') void this.#iterate(socket);
    if (reader !== 'readable') return;
    socket.on('readable', () => {
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) this.hear(chunk);
    });
  }

  do(move: Move): void {
    const { socket } = this;
    if (socket === undefined) return;
    if (move.what === 'write' && !this.isEnded) socket.write(...this.#words(move.size, move.kind));
    // What is corked behind the end is never sent.
    if ((move.what === 'cork' || move.what === 'uncork') && !this.isEnded) socket[move.what]();
    // Whoever is asked for what there is decides himself when to go on.
    const { reader } = this.#end;
    const holds = reader === 'data' || reader === 'onread';
    if ((move.what === 'pause' || move.what === 'resume') && holds) socket[move.what]();
    if (move.what !== 'end' || this.isEnded) return;
    this.isEnded = true;
    socket.end(...this.#words(move.size, move.kind));
  }

  /** Says what it has to say still, and hears the rest. */
  conclude(): void {
    this.do({ what: 'end', size: 10, kind: 'buffer' });
    this.do({ what: 'resume' });
  }

  #words(size: number, kind: Kind): [string | Buffer, BufferEncoding | undefined, () => void] {
    const bytes = content(this.written, size, this.#number);
    const number = this.writes;
    this.writes += 1;
    this.written += size;
    const done = (): void => {
      this.callbacks.push(number);
    };
    return kind === 'buffer' ? [bytes, undefined, done] : [bytes.toString(kind), kind, done];
  }

  async #iterate(socket: net.Socket): Promise<void> {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) this.hear(chunk);
  }
}

/** What both ends have to say of themselves when it is over. */
export function account(conversation: Conversation, speakers: readonly [Speaker, Speaker]): object[] {
  return speakers.map((speaker, number) => {
    const other = speakers[1 - number] as Speaker;
    const { written, heard, isRight, callbacks, socket } = speaker;
    const events = speaker.events.filter(
      (event) => event !== 'end' || conversation.ends[number as 0 | 1].reader !== 'onread',
    );
    return {
      written,
      heard: heard - other.written,
      isRight,
      callbacks: callbacks.every((call, index) => call === index) && callbacks.length === speaker.writes,
      events: events.sort(),
      bytesRead: (socket?.bytesRead ?? 0) - heard,
      bytesWritten: (socket?.bytesWritten ?? 0) - written,
      writableLength: socket?.writableLength,
    };
  });
}

/** Has a conversation over a connection of this net module. */
export async function converse(
  { createServer, connect }: Pick<typeof net, 'createServer' | 'connect'>,
  path: string,
  { isUnix, ends, moves }: Conversation,
): Promise<[Speaker, Speaker]> {
  const speakers: [Speaker, Speaker] = [new Speaker(0, ends[0]), new Speaker(1, ends[1])];
  const [, { allowHalfOpen, highWaterMark }] = ends;
  const server = createServer({ allowHalfOpen, highWaterMark });
  server.listen(isUnix ? { path } : { port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const where = isUnix ? { path } : { port: (server.address() as net.AddressInfo).port, host: '127.0.0.1' };
  const onread = {
    buffer: new Uint8Array(1000),
    callback: (length: number, buffer: Uint8Array): boolean => {
      speakers[0].hear(buffer.subarray(0, length));
      return true;
    },
  };
  const [{ reader, ...options }] = ends;
  const client = connect({ ...where, ...options, ...(reader === 'onread' && { onread }) });
  speakers[0].begin(client);
  const closed = [once(client, 'close')];
  const [peer] = (await accepted) as [net.Socket];
  speakers[1].begin(peer);
  closed.push(once(peer, 'close'));
  for (const [number, move] of moves) {
    if (move.what === 'wait') for (let i = 0; i < move.turns; i += 1) await turn();
    // Whoever has to end when the other does cannot say what he likes after that.
    else if (move.what !== 'end' || ends[(1 - number) as 0 | 1].allowHalfOpen) speakers[number].do(move);
  }
  for (const speaker of speakers) speaker.conclude();
  await Promise.all(closed);
  server.close();
  await once(server, 'close');
  return speakers;
}
