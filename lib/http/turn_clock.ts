let time = 0;
let current = false;

function expire(): void {
  current = false;
}

/**
 * Milliseconds of a clock that does not jump, read once for all that happens in one go: as with the timers of libuv,
 * who computes for long in between finds it late.
 */
export function turnTime(): number {
  if (!current) {
    current = true;
    time = performance.now();
    process.nextTick(expire);
  }
  return time;
}
