/** What Node.js throws when a signal was aborted: name AbortError, code ABORT_ERR, cause the signal's reason. */
export function abortError(signal: AbortSignal | undefined): Error {
  const error = new Error('The operation was aborted', { cause: signal?.reason });
  error.name = 'AbortError';
  return Object.assign(error, { code: 'ABORT_ERR' });
}
