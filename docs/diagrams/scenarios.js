// One scenario for each flag: it runs on the engine, with a real pipe, and records what came of it.
import {
  KEVENT_REQ_ALWAYS_QUEUE,
  KEVENT_REQ_ET,
  KEVENT_REQ_LAST_CHECK,
  KEVENT_REQ_MUTED,
  KEVENT_REQ_ONESHOT,
  KEVENT_REQ_READY,
  KEVENT_REQ_WAKEUP_ALL,
} from 'kevent/raw';

import { Recording } from './recording.js';
import { Stage } from './stage.js';

const PIPE = 'in the pipe';
const ALWAYS = KEVENT_REQ_ALWAYS_QUEUE;

/**
 * @param {string} title
 * @param {string} origin empty: it has none, a user event
 * @param {string[]} lanes
 * @param {(stage: Stage) => void} play
 */
function record(title, origin, lanes, play) {
  const recording = new Recording(title, origin, lanes);
  const stage = new Stage(recording);
  try {
    play(stage);
  } finally {
    stage.close();
  }
  return recording;
}

/** @type {Record<string, () => Recording>} */
export const scenarios = {
  level: () =>
    record('Level: an event as long as the condition holds', PIPE, ['level'], (stage) => {
      stage.add('pipe', [ALWAYS]);
      stage.ask();
      stage.write('ab');
      stage.ask();
      stage.ask();
      stage.read(1);
      stage.commit();
      stage.ask();
      stage.read(1);
      stage.commit();
      stage.ask();
    }),

  edge: () =>
    record('ET: an event for each new readiness', PIPE, ['ET'], (stage) => {
      stage.add('pipe', [ALWAYS | KEVENT_REQ_ET]);
      stage.write('ab');
      stage.ask();
      stage.read(1);
      stage.commit();
      stage.ask();
      stage.write('c');
      stage.ask();
      stage.read(2);
      stage.commit();
      stage.ask();
    }),

  oneshot: () =>
    record('ONESHOT: one event, then the kevent is gone', PIPE, ['ONESHOT'], (stage) => {
      stage.add('pipe', [ALWAYS | KEVENT_REQ_ONESHOT]);
      stage.ask();
      stage.write('a');
      stage.ask();
      stage.read(1);
      stage.commit();
      stage.write('b');
      stage.ask();
    }),

  last_check: () =>
    record('LAST_CHECK: looked at again just before delivery', PIPE, ['level', 'LAST_CHECK'], (stage) => {
      stage.add('pipe', [ALWAYS, ALWAYS | KEVENT_REQ_LAST_CHECK]);
      stage.write('a');
      stage.collect();
      stage.read(1);
      stage.ask();
      stage.commit();
      stage.write('b');
      stage.ask();
      stage.read(1);
      stage.commit();
      stage.ask();
    }),

  always_queue: () =>
    record(
      'ALWAYS_QUEUE: registered even if it is ready at ADD',
      PIPE,
      ['no flag', 'ALWAYS_QUEUE'],
      (stage) => {
        stage.write('a');
        stage.add('pipe', [0, ALWAYS]);
        stage.ask();
        stage.read(1);
        stage.commit();
        stage.write('b');
        stage.ask();
      },
    ),

  ready: () =>
    record('READY: ready at ADD, whatever the origin says', PIPE, ['level', 'READY'], (stage) => {
      stage.add('pipe', [ALWAYS, ALWAYS | KEVENT_REQ_READY]);
      stage.ask();
      stage.commit();
      stage.ask();
      stage.write('a');
      stage.ask();
      stage.read(1);
      stage.commit();
      stage.ask();
    }),

  muted: () =>
    record('MUTED: nothing is delivered, what is counted goes on', '', ['user event'], (stage) => {
      stage.add('user', [ALWAYS]);
      stage.ready('user');
      stage.ask();
      stage.commit();
      stage.modify('user', ALWAYS | KEVENT_REQ_MUTED, 'mute');
      stage.ready('user');
      stage.ready('user');
      stage.ask();
      stage.modify('user', ALWAYS, 'unmute');
      stage.ask();
      stage.commit();
    }),

  wakeup_one: () =>
    record('No WAKEUP_ALL: each event goes to one consumer', PIPE, ['A', 'B'], (stage) => {
      stage.join();
      stage.add('pipe', [ALWAYS]);
      stage.write('a');
      stage.claim('A');
      stage.claim('B');
      stage.finish('A');
      stage.claim('B');
      stage.claim('A');
      stage.read(1);
      stage.finish('B');
      stage.claim('A');
    }),

  wakeup_all: () =>
    record('WAKEUP_ALL: each event goes to every consumer', PIPE, ['A', 'B'], (stage) => {
      stage.join();
      stage.add('pipe', [ALWAYS | KEVENT_REQ_WAKEUP_ALL]);
      stage.write('a');
      stage.claim('A');
      stage.finish('A');
      stage.claim('A');
      stage.claim('B');
      stage.read(1);
      stage.finish('B');
      stage.claim('A');
      stage.claim('B');
    }),
};
