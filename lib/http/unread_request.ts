import { EventEmitter } from 'node:events';
import { IncomingMessage } from 'node:http';

/** Of a stream's state: the same from Node 20 to 26, and not in its types. */
interface ReadableState {
  readonly ended: boolean;
  readonly length: number;
  readonly flowing: boolean | null;
  readonly resumeScheduled: boolean;
  endEmitted: boolean;
  destroyed: boolean;
  closed: boolean;
  closeEmitted: boolean;
}

interface Request extends IncomingMessage {
  readonly _readableState: ReadableState;
  readonly _eventsCount: number;
  readonly _consuming: boolean;
  _dumped: boolean;
  _dump(): void;
}

/** A response of http.Server. */
interface Response {
  readonly req?: unknown;
  readonly finished?: boolean;
  readonly _events?: Readonly<Record<string, unknown>>;
}

const { emit } = EventEmitter.prototype;
const { _dump, _destroy, resume } = IncomingMessage.prototype as Request;

/** Whether it has come as a whole, without a body, and nobody has read it or waits for anything of it. */
function isUnread(request: Request): boolean {
  const state = request._readableState;
  return (
    request._eventsCount === 0 &&
    request.complete &&
    !request._dumped &&
    !request._consuming &&
    state.ended &&
    state.length === 0 &&
    state.flowing === null &&
    !state.destroyed &&
    !state.endEmitted &&
    !state.resumeScheduled &&
    request.emit === emit &&
    request._dump === _dump &&
    request._destroy === _destroy &&
    request.resume === resume
  );
}

/**
 * Before a response tells that it is finished: its request, ended and closed already, if nobody has read that. Node would
 * have it flow now, end and close, in four ticks that nobody sees. Whoever waits for the response may well turn to the
 * request in one of these ticks, so this is only for a response that nobody but Node itself waits for.
 */
export function endUnread(response: unknown): Request | undefined {
  const { req, finished, _events: events } = (response ?? {}) as Response;
  if (finished !== true || typeof events?.['finish'] !== 'function' || events['close'] !== undefined)
    return undefined;
  if (!(req instanceof IncomingMessage) || !isUnread(req as Request)) return undefined;
  const request = req as Request;
  mark(request._readableState, true);
  request._dumped = true;
  return request;
}

/** After it: whoever has come to wait for something of the request gets it. */
export function resumeUnread(request: Request): void {
  if (request._eventsCount === 0) return;
  mark(request._readableState, false);
  request.resume();
}

function mark(state: ReadableState, over: boolean): void {
  state.endEmitted = state.destroyed = state.closed = state.closeEmitted = over;
}
