// tcp-floor.js
//
// An echo server in C on this event loop, which calls an empty function for each message: see ../../native/loop_floor.c.
import { createRequire } from 'node:module';

import { native } from '../../measure/native.js';
import { listening } from './commands.js';

/** @type {{start(callback: () => void): number}} */
const { start } = createRequire(import.meta.url)(native('loop_floor.node'));

listening(start(() => {}));
