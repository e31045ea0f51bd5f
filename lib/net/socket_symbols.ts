// What a Socket has beyond node:net's: programs derive classes of their own from Socket, and give sockets properties,
// with any name.

/** Takes a connection. */
export const open = Symbol('open');
/** The connection is there. */
export const connectedOver = Symbol('connectedOver');
/** There is life: the timeout begins anew. */
export const touch = Symbol('touch');
/** Of {@link StreamListener}. */
export const received = Symbol('received');
/** Of {@link StreamListener}. */
export const taken = Symbol('taken');
/** Of {@link StreamListener}. */
export const ended = Symbol('ended');
/** Of {@link StreamListener}. */
export const failed = Symbol('failed');
/** Of {@link StreamListener}. */
export const written = Symbol('written');
/** Of {@link StreamListener}. */
export const sent = Symbol('sent');
/** The handle goes, and what it has counted stays. */
export const detach = Symbol('detach');
/** Nothing may be going on: what can be made again need not be kept. */
export const rest = Symbol('rest');
/** What was set before there was a connection is set now. */
export const applyOptions = Symbol('applyOptions');
/** What a timeout takes. */
export const timing = Symbol('timing');
/** No timeout any more. */
export const clearTimer = Symbol('clearTimer');
/** The callback of the write that is under way. */
export const takeCallback = Symbol('takeCallback');
/** Where `onread` wants it. */
export const staticBuffer = Symbol('staticBuffer');
/** Bytes go to the buffer that `onread` names. */
export const readInto = Symbol('readInto');
