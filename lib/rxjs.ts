/**
 * Events as Observables: RxJS 7 on top of 'kevent'. Every source is cold: its kevents are added when somebody
 * subscribes, and removed when that ends in any way.
 *
 * @module kevent/rxjs
 */
export { drain } from './rxjs/drain.js';
export type { DrainOptions } from './rxjs/drain_options.js';
export { drainScan } from './rxjs/drain_scan.js';
export { fromStream } from './rxjs/from_stream.js';
export {
  KeventScheduler,
  type KeventSchedulerOptions,
  keventAsapScheduler,
  keventScheduler,
} from './rxjs/scheduler.js';
export * from './rxjs/sources.js';
