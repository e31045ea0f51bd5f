import { mkdtempSync, rmSync } from 'node:fs';
import * as nodeNet from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';

import * as keventNet from '../../lib/net.js';
import { account, type Conversation, conversations, converse } from './conversations.js';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 1000);
const folder = mkdtempSync(path.join(tmpdir(), 'kevent-net-'));
afterAll(() => rmSync(folder, { recursive: true }));

const MODULES = { 'kevent/net': keventNet as unknown as typeof nodeNet, 'node:net': nodeNet };
it.each(Object.entries(MODULES))(
  'whatever the ends of a connection do, each hears all that the other says: %s',
  async (name, module) => {
    let number = 0;
    const isHeard = async (conversation: Conversation): Promise<void> => {
      number += 1;
      const speakers = await converse(
        module,
        path.join(folder, `${name.replace(/\W/, '-')}-${number}`),
        conversation,
      );
      const asItShouldBe = speakers.map(({ written }, who) => ({
        written,
        heard: 0,
        isRight: true,
        callbacks: true,
        events: [
          'close false',
          'finish',
          ...(conversation.ends[who as 0 | 1].reader === 'onread' ? [] : ['end']),
        ].sort(),
        bytesRead: 0,
        bytesWritten: 0,
        writableLength: 0,
      }));
      expect(account(conversation, speakers)).toEqual(asItShouldBe);
    };
    await fc.assert(fc.asyncProperty(conversations, isHeard), { numRuns: RUNS });
  },
  Math.max(60_000, RUNS * 50),
);
