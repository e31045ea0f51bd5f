/** Where a source puts what it has: called from handlers of a queue, inside a turn. */
export interface Sink<T> {
  /**
   * Hands over a value. False if nobody was waiting for it and it was not kept, which happens to level
   * sources only: the source is muted by then.
   */
  push(value: T): boolean;
  /**
   * As {@link push}, for level sources whose value is taken out of somewhere, such as bytes that are read:
   * `make` is called only if somebody waits.
   */
  offer(make: () => T): boolean;
  /** Whether somebody waits for a value. If not, the source is muted, as by a value that is dropped. */
  wanted(): boolean;
  /** The stream fails: readers get the values before that, then the error, which is thrown once. */
  fail(error: unknown): void;
  /** The stream ends: readers get the values before that, then the end. */
  end(): void;
}

/** An open source. */
export interface Feed {
  /** The window is full: ask the origin no more until {@link unmute}. */
  mute(): void;
  /** There is room again. */
  unmute(): void;
  /** Lets the stream keep the process alive, as it does from the start. */
  ref(): void;
  /** Does not let the stream keep the process alive. */
  unref(): void;
  /** The last reader has left: remove the kevents, close what was opened. Called once. */
  close(): void;
}

/** A kind of event, as a stream wants to see it. */
export interface Source<T> {
  /**
   * The state is in the kernel, and is asked again when there is demand: a value that nobody waits
   * for is dropped, not kept. Others have their values kept, as many as the window allows; after
   * `mute` a source may still push what is in hand, at most a batch.
   */
  readonly level: boolean;
  /** Starts. What it throws is thrown by the reader that asked first. */
  open(sink: Sink<T>): Feed;
}
