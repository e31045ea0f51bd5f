// program.js ROOT OUTSIDE SEED
//
// Changes what is below ROOT at random, as SEED says, as often as the lines on its standard input ask for:
// {"steps": 1000, "kind": "any"}. After each it makes an empty file, named by the line's "marker", in ROOT, and prints a line:
// the marker, and the inodes that have had more than one name.
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [root, outside] = process.argv.slice(2, 4);
let state = Number(process.argv[4]) | 0;

/** A number from 0 up to, not including, `below` (mulberry32). */
function random(/** @type {number} */ below) {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
}

/**
 * @template T
 * @param {readonly T[]} items
 */
function pick(items) {
  return items[random(items.length)];
}

// Few, so that most of them exist already, elsewhere or as something else.
function name() {
  return pick(['a', 'b', 'c', 'd', 'e', 'f', 'ä ö', 'g.txt', '~h', 'i\\j']);
}

function directory() {
  let path = root;
  while (random(5) < 3) {
    const below = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    if (below.length === 0) break;
    path = join(path, pick(below).name);
  }
  return path;
}

function place() {
  return join(directory(), name());
}

const linked = new Set();
let written = 0;

const FILES = {
  write: () => writeFileSync(place(), `${written++}`.repeat(random(3))),
  append: () => appendFileSync(place(), `${written++}`),
  attributes: () => chmodSync(place(), pick([0o600, 0o644, 0o755])),
  rename: () => renameSync(place(), place()),
  saveByRename() {
    const path = place();
    writeFileSync(`${path}.new`, `${written++}`);
    renameSync(`${path}.new`, path);
  },
  link() {
    const from = place();
    const to = place();
    linkSync(from, to);
    linked.add(lstatSync(to).ino);
  },
  symbolicLink: () => symlinkSync(pick([name(), `../${name()}`, outside, 'nowhere']), place()),
  unlink: () => unlinkSync(place()),
  leave: () => renameSync(place(), join(outside, name())),
  arrive: () => renameSync(join(outside, name()), place()),
};

const DIRECTORIES = {
  make: () => mkdirSync(place()),
  makeDeep: () => mkdirSync(join(place(), name(), name()), { recursive: true }),
  fill() {
    const path = place();
    mkdirSync(path);
    for (let count = random(5); count > 0; count -= 1) writeFileSync(join(path, name()), `${written++}`);
    mkdirSync(join(path, name()));
  },
  removeAll: () => rmSync(place(), { recursive: true }),
  swap() {
    const [one, other, between] = [place(), place(), join(outside, 'between')];
    renameSync(one, between);
    try {
      renameSync(other, one);
    } catch {
      renameSync(between, one);
      return;
    }
    renameSync(between, other);
  },
  makeAnew() {
    const path = place();
    rmSync(path, { recursive: true });
    mkdirSync(join(path, name()), { recursive: true });
    writeFileSync(join(path, name()), `${written++}`);
  },
};

/** A deep tree, with a file at each level. */
function deep(/** @type {string} */ path, /** @type {number} */ levels) {
  let at = path;
  for (let level = 0; level < levels; level += 1) {
    at = join(at, `level ${level}`);
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, 'file'), `${written++}`);
  }
}

/** Steps that are large. */
const WHOLE = {
  /** A deep tree is made, moved, moved out or removed, and made again. */
  deep() {
    const [one, other, away] = [join(root, 'deep'), join(root, 'x', 'deeper'), join(outside, 'deep')];
    mkdirSync(join(root, 'x'), { recursive: true });
    deep(one, 20 + random(20));
    renameSync(one, other);
    deep(one, 1 + random(10));
    if (random(2) === 0) renameSync(other, away);
    else rmSync(other, { recursive: true });
    if (random(2) === 0) renameSync(one, other);
    for (const path of [away, one]) rmSync(path, { recursive: true, force: true });
    if (random(2) === 0) deep(one, 10);
    rmSync(other, { recursive: true, force: true });
  },
  root() {
    const away = join(outside, 'root');
    renameSync(root, away);
    if (random(2) === 0) renameSync(away, root);
    else mkdirSync(root);
    rmSync(away, { recursive: true, force: true });
    deep(place(), random(4));
  },
  /** The root is away for a moment, and then a tree is made in a directory that it has. */
  away() {
    const path = join(root, `away ${written++}`);
    mkdirSync(path);
    for (let count = 0; count < 3; count += 1) {
      renameSync(root, join(outside, 'root'));
      renameSync(join(outside, 'root'), root);
    }
    deep(path, 1);
  },
  backAndForth() {
    const [one, other] = [join(root, 'one'), join(root, 'other')];
    if (written === 0) writeFileSync(one, `${written++}`);
    renameSync(one, other);
    renameSync(other, one);
  },
  /** More than one record for each step, whatever is there. */
  flood: () => appendFileSync(join(root, `flood ${written % 2}`), `${written++}`),
};

const KINDS = {
  /** These do not change which directories there are, if those have other names. */
  files: Object.values(FILES),
  any: [...Object.values(FILES), ...Object.values(DIRECTORIES)],
  deep: [WHOLE.deep],
  root: [WHOLE.root],
  away: [WHOLE.away],
  backAndForth: [WHOLE.backAndForth],
  flood: [WHOLE.flood],
};

function step(/** @type {(() => void)[]} */ changes) {
  try {
    pick(changes)();
  } catch (error) {
    // What is not there, is there already, or is no directory: any of that can be what was picked.
    if (/** @type {NodeJS.ErrnoException} */ (error).syscall === undefined) throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { steps, kind, marker } = JSON.parse(line);
  for (let done = 0; done < steps; done += 1) step(KINDS[kind]);
  writeFileSync(join(root, marker), '');
  process.stdout.write(`${JSON.stringify({ marker, linked: [...linked] })}\n`);
}
