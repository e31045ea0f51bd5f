/**
 * One queue for every kind of event: sockets, pipes, timers, signals, files and your own.
 *
 * @packageDocumentation
 */
export { isSupported } from './abi/binding.js';
export * from './abi/constants.js';
export type { CodedError, SystemError } from './abi/errors.js';
export type { InodeRecord, SignalRecord } from './abi/payload.js';
export type { Id } from './abi/ukevent.js';
export type { AddAllError, AddError } from './queue/add_error.js';
export type { Batch } from './queue/batch.js';
export type { Handler } from './queue/dispatch.js';
export type { QueueEvent } from './queue/event.js';
export { Queue, type QueueOptions } from './queue/queue.js';
export type { QueueHandle } from './queue/queue_handle.js';
export type { Registration } from './queue/registration.js';
export {
  type Nanoseconds,
  type Request,
  type RequestOptions,
  request,
  type TimerOptions,
} from './queue/request.js';
export type { QueueStats } from './queue/stats.js';
