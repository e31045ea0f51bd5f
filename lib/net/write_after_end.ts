import { Duplex } from 'node:stream';

/** The peer has ended its half: ours ends as well, and what is written from then on cannot arrive. */
export function refuseWritesAfterEnd(this: Duplex): void {
  if (!this.allowHalfOpen) this.write = writeAfterEnd;
}

function writeAfterEnd(this: Duplex, ...args: unknown[]): boolean {
  if (!this.writableEnded) return Reflect.apply(Duplex.prototype.write, this, args);
  const callback = args.find((argument) => typeof argument === 'function');
  const error = Object.assign(new Error('This socket has been ended by the other party'), {
    code: 'EPIPE',
  });
  if (typeof callback === 'function') process.nextTick(() => callback(error));
  this.destroy(error);
  return false;
}
