import fc from 'fast-check';

/** Bytes for a server, one character each. */
export type Bytes = string;

const token = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/);
const value = fc.stringMatching(/^[\x20-\x7e\xa0-\xff]{0,40}$/);

const method = fc.oneof(
  { weight: 6, arbitrary: fc.constant('GET') },
  { weight: 4, arbitrary: fc.constantFrom('POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE') },
  { weight: 1, arbitrary: fc.constantFrom('get', 'PURGE', 'M-SEARCH', 'CONNECT', 'PRI', 'X', '') },
);

const target = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('/', '/a', '/b?c=d') },
  { weight: 2, arbitrary: fc.stringMatching(/^\/[!-~]{0,60}$/) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('*', 'http://h/p', 'h:443', '//', '', '/a b', '/\xe9', '/\x7f', '/#f'),
  },
);

const version = fc.oneof(
  { weight: 12, arbitrary: fc.constant('HTTP/1.1') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('HTTP/1.0', 'HTTP/1.2', 'HTTP/0.9', 'HTTP/2.0', 'http/1.1', 'ICE/1.0', ''),
  },
);

/** What changes how a message, or its connection, is read; and what a parser may trip over. */
const special = fc.constantFrom(
  'Connection: close',
  'Connection: keep-alive',
  'Connection: close, foo',
  'Connection: Upgrade\r\nUpgrade: h2c',
  'Content-Length: 0',
  'Content-Length: 3',
  'Content-Length: 3, 3',
  'Content-Length: +3',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, identity',
  'Expect: 100-continue',
  'Expect: something else',
  'Cookie: a=1\r\nCookie: b=2',
  'Set-Cookie: a\r\nSet-Cookie: b',
  'Age: 1\r\nAge: 2',
  'X-Folded: a\r\n b',
  'X-Return: a\rb',
  'X-Feed: a\nY: b',
  'X-Zero: a\0b',
  'X-Space : a',
  ' X-First: a',
  'no header',
  '__proto__: a',
  'constructor: a',
  'Host: another',
  'Empty:',
);

const header = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(token, value).map(([name, text]) => `X-${name}: ${text}`) },
  { weight: 2, arbitrary: special },
);

const headers = fc
  .tuple(fc.boolean(), fc.array(header, { maxLength: 5 }))
  .map(([hasHost, rest]) => (hasHost || rest.length > 0 ? ['Host: x', ...rest] : rest));

const text = fc.stringMatching(/^[a-z\r\n]{0,30}$/);

/** Chunks with extensions and trailers, not all of them right. */
const chunks = fc
  .record({
    parts: fc.array(fc.tuple(text, fc.constantFrom('', '', ';e', ';e="q"', ' ', ';')), { maxLength: 4 }),
    wrong: fc.constantFrom('', '', '', '', 'g', '-1', '\n', 'ffffffffffffffff1'),
    last: fc.constantFrom('0', '0', '000', ''),
    trailers: fc.constantFrom('', '', 'T: 1\r\n', 'T: 1\r\nU: 2\r\n', 'Content-Length: 3\r\n', 'T : 1\r\n'),
  })
  .map(({ parts, wrong, last, trailers }) => {
    const body = parts
      .filter(([part]) => part.length > 0)
      .map(([part, extension]) => `${part.length.toString(16)}${extension}\r\n${part}\r\n`);
    return `${body.join('')}${wrong}${last}\r\n${trailers}\r\n`;
  });

/** Headers and the body that belongs to them, or nearly. */
const body = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ added: [] as string[], body: '' }) },
  {
    weight: 3,
    arbitrary: fc.tuple(text, fc.constantFrom(0, 0, 0, 0, 1, -1)).map(([bytes, off]) => ({
      added: [`Content-Length: ${Math.max(0, bytes.length + off)}`],
      body: bytes,
    })),
  },
  {
    weight: 2,
    arbitrary: chunks.map((bytes) => ({ added: ['Transfer-Encoding: chunked'], body: bytes })),
  },
);

const wellMade: fc.Arbitrary<Bytes> = fc
  .tuple(method, target, version, headers, body)
  .map(([verb, place, http, lines, content]) => {
    const first = [verb, place, http].filter((part) => part !== '').join(' ');
    return `${[first, ...lines, ...content.added].join('\r\n')}\r\n\r\n${content.body}`;
  });

/** What most requests are, and what is remembered of them. */
const plain: fc.Arbitrary<Bytes> = fc
  .tuple(fc.constantFrom('/', '/a', '/b?c=d', '/%20'), fc.array(fc.tuple(token, value), { maxLength: 3 }))
  .map(([place, lines]) => {
    const all = ['Host: x', ...lines.map(([name, content]) => `X-${name}: ${content}`)];
    return `GET ${place} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n`;
  });

const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const byte = fc.oneof(fc.constantFrom('\r', '\n', '\0', ' ', ':', '\xe9'), fc.stringMatching(/^[!-~]$/));

/** The same request, for something else; or a byte of it is another, is missing, or has company; or it ends early. */
const change: fc.Arbitrary<(bytes: Bytes) => Bytes> = fc.oneof(
  { weight: 6, arbitrary: fc.constant((bytes: Bytes) => bytes) },
  {
    weight: 3,
    arbitrary: fc
      .oneof(target, byte)
      .map((place) => (bytes: Bytes) => bytes.replace(/ \S* HTTP/, () => ` ${place} HTTP`)),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('replace', 'remove', 'insert', 'cut'), at, byte)
      .map(([how, part, other]) => (bytes: Bytes) => {
        const from = Math.floor(part * bytes.length);
        if (how === 'cut') return bytes.slice(0, from);
        const behind = bytes.slice(how === 'insert' ? from : from + 1);
        return bytes.slice(0, from) + (how === 'remove' ? '' : other) + behind;
      }),
  },
);

/** Cut into pieces, at these parts of it. */
function cut(bytes: Bytes, cuts: readonly number[]): Bytes[] {
  const places = cuts.map((part) => Math.floor(part * bytes.length)).sort((one, other) => one - other);
  const pieces = [0, ...places].map((from, index) => bytes.slice(from, places[index] ?? bytes.length));
  return pieces.filter((piece) => piece !== '');
}

const repeated = fc.record({ which: fc.nat(), changed: change });

/**
 * What one connection sends, piece by piece: a few requests that come again and again, as those of a real client do,
 * whole, in pieces, or several together, and now and then not quite as before.
 */
export const connections: fc.Arbitrary<Bytes[]> = fc
  .tuple(
    fc.array(fc.oneof(plain, wellMade), { minLength: 1, maxLength: 2 }),
    fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.record({ requests: fc.tuple(repeated), cuts: fc.constant([]) }) },
        {
          weight: 1,
          arbitrary: fc.record({
            requests: fc.array(repeated, { minLength: 1, maxLength: 3 }),
            cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
          }),
        },
      ),
      { minLength: 1, maxLength: 8 },
    ),
  )
  .map(([known, sent]) =>
    sent.flatMap(({ requests, cuts }) => {
      const bytes = requests.map(({ which, changed }) => changed(known[which % known.length] ?? ''));
      return cut(bytes.join(''), cuts);
    }),
  );
