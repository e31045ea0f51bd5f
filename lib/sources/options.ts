import { invalidArgType } from '../abi/errors.js';
import { defaultQueue } from '../default_queue.js';
import { Queue } from '../queue/queue.js';
import type { StreamOptions } from '../streams/event_stream.js';

/** What every source takes. */
export interface SourceOptions extends StreamOptions {
  /** The queue to put its kevents into; the thread's default queue if left out. */
  readonly queue?: Queue | undefined;
}

/** @throws ERR_INVALID_ARG_TYPE */
export function checkOptions(options: SourceOptions): void {
  if (typeof options !== 'object' || options === null) throw invalidArgType('options', 'an object', options);
  if (options.queue !== undefined && !(options.queue instanceof Queue)) {
    throw invalidArgType('options.queue', 'a Queue', options.queue);
  }
}

/** The queue that a source is to use: asked for when it opens, so that no stream makes one before it is read. */
export function queueOf(options: SourceOptions): Queue {
  return options.queue ?? defaultQueue();
}
