import { turnTime } from './turn_clock.js';

/**
 * A timeout that is begun anew, switched off and on again with each request: that only notes the time. The timer below
 * is looked at when it fires, and may fire for nothing.
 */
export class IdleTimer {
  readonly #expired: () => void;
  readonly #look = (): void => this.#fired();
  #limit = 0;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #fires = 0;

  constructor(expired: () => void) {
    this.#expired = expired;
  }

  /** From now on `limit` milliseconds without {@link touch} are too many; 0: never. */
  start(limit: number): void {
    this.#limit = limit;
    if (limit === 0) return;
    this.#since = turnTime();
    if (this.#timer === undefined || this.#fires > this.#since + limit) this.#arm(limit);
  }

  touch(): void {
    if (this.#limit !== 0) this.#since = turnTime();
  }

  stop(): void {
    this.#limit = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(delay: number): void {
    clearTimeout(this.#timer);
    this.#fires = turnTime() + delay;
    this.#timer = setTimeout(this.#look, delay);
    this.#timer.unref();
  }

  #fired(): void {
    this.#timer = undefined;
    if (this.#limit === 0) return;
    const left = this.#since + this.#limit - turnTime();
    if (left > 0) this.#arm(Math.ceil(left));
    else this.#expired();
  }
}
