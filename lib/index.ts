/**
 * One queue for every kind of event: sockets, pipes, timers, signals, files and your own.
 *
 * @module kevent
 */
export { isSupported } from './abi/binding.js';
export * from './abi/constants.js';
export type { CodedError, SystemError } from './abi/errors.js';
export type { InodeRecord, SignalRecord } from './abi/payload.js';
export type { Statistics as QueueStats } from './abi/statistics.js';
export type { Id } from './abi/ukevent.js';
export { defaultQueue } from './default_queue.js';
export type { AddAllError, AddError } from './queue/add_error.js';
export type { Batch } from './queue/batch.js';
export type { BoundHandler, Handler, HandlerOptions } from './queue/dispatch.js';
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
export { type AcceptsOptions, accepts, type Connection } from './sources/accepts.js';
export { type BytesOptions, bytes } from './sources/bytes.js';
export { Channel, type ChannelHandle, type ChannelOptions, channel } from './sources/channel.js';
export type { Clock, Instant } from './sources/clock.js';
export type { Descriptor } from './sources/descriptor.js';
export type { Duration } from './sources/duration.js';
export { type IntervalOptions, interval } from './sources/interval.js';
export { type LinesOptions, lines } from './sources/lines.js';
export { merge } from './sources/merge.js';
export type { SourceOptions } from './sources/options.js';
export { type ProcessExit, processExit } from './sources/process_exit.js';
export { poll, type Readiness, type ReadinessOptions, readable, writable } from './sources/readiness.js';
export { type SignalEvent, type SignalsOptions, signals } from './sources/signals.js';
export type { Missed, Tick } from './sources/tick_feed.js';
export { type At, type TimerStreamOptions, timer } from './sources/timer.js';
export type {
  AttributesEvent,
  ChangeEvent,
  CloseEvent,
  CreateEvent,
  RemoveEvent,
  RenameEvent,
  StateEvent,
  UnreadableEvent,
  UseEvent,
  WatchEvent,
} from './sources/watch/events.js';
export { type WatchOptions, watch } from './sources/watch/watch.js';
export {
  EventStream,
  type Observer,
  type StreamOptions,
  type Unsubscribable,
} from './streams/event_stream.js';
export type { Subscribable } from './streams/observable.js';
export type { ReadableOptions } from './streams/readable.js';
export type { Feed, Sink, Source } from './streams/source.js';
export { type Awaitable, Stream } from './streams/stream.js';
