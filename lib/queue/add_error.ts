import {
  KEVENT_MAX_KEVENTS,
  KEVENT_MAX_SAME_FD,
  KEVENT_NAIO,
  KEVENT_PIPE,
  KEVENT_POLL,
  KEVENT_SIGNAL,
  KEVENT_SOCKET,
  KEVENT_TIMER,
} from '../abi/constants.js';
import { errnoName, type SystemError, systemError } from '../abi/errors.js';
import type { Registration } from './registration.js';
import type { Request } from './request.js';

/** Why a request could not be added: the errno is the engine's, unchanged. */
export interface AddError extends SystemError {
  /** The request, as it was given. */
  request: Request;
  /** Its place in the list that was given to `addAll`; 0 for `add`. */
  index: number;
}

/** What `addAll` throws if some of its requests could not be added. The others were. */
export interface AddAllError extends AggregateError {
  /** The code of the first error. */
  code: string;
  /** One for each request that failed. */
  errors: AddError[];
  /** As `addAll` would have returned them; undefined where a request failed. */
  registrations: (Registration | undefined)[];
}

/** What can be done about it, as far as that is known. */
function hint(code: string, type: number, id: Request['id']): string | undefined {
  switch (code) {
    case 'EBADF':
      return `${String(id)} is not an open file descriptor`;
    case 'ENOTSOCK':
      return 'not a socket: use a POLL kevent, or PIPE for a pipe';
    case 'EPERM':
      return type === KEVENT_POLL
        ? 'regular files and directories cannot be polled: they are always ready'
        : undefined;
    case 'ENOSYS':
      return `kevents of type ${type} are not built`;
    case 'ENOSPC':
      return type === KEVENT_SOCKET || type === KEVENT_NAIO || type === KEVENT_PIPE || type === KEVENT_POLL
        ? `at most ${KEVENT_MAX_KEVENTS} kevents in one queue, and ${KEVENT_MAX_SAME_FD} of them on one fd`
        : `at most ${KEVENT_MAX_KEVENTS} kevents in one queue`;
    case 'EINVAL':
      if (type === KEVENT_NAIO) return 'not a stream socket, nor a pipe or terminal that is non-blocking';
      if (type === KEVENT_PIPE) return 'not a pipe or FIFO, or a mask that its end cannot have';
      if (type === KEVENT_TIMER) return 'id must be [seconds, nanoseconds below 1e9], and not 0 if periodic';
      if (type === KEVENT_SIGNAL) return 'no such signal, or one that cannot be caught';
      return 'the id, the mask or the flags are not valid for this type';
    default:
      return undefined;
  }
}

export function addError(errno: number, request: Request, index: number): AddError {
  const reason = hint(errnoName(errno), request.type, request.id);
  return Object.assign(systemError(errno, 'kevent_ctl', reason), { request, index });
}

/** @param added - what could be added, in order; `count` - of how many requests */
export function addAllError(errors: AddError[], added: readonly Registration[], count: number): AddAllError {
  const [first] = errors;
  const message =
    `${errors.length} of ${count} requests could not be added; ` +
    `the first is number ${first?.index}: ${first?.message}`;
  const failed = new Set(errors.map((error) => error.index));
  const rest = added.values();
  const registrations = Array.from({ length: count }, (_, index) =>
    failed.has(index) ? undefined : rest.next().value,
  );
  const code = first?.code ?? 'EINVAL';
  return Object.assign(new AggregateError(errors, message), { code, errors, registrations });
}
