/** CPU time of this process so far, user and system, all threads, in µs. */
export function cpuMicroseconds() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** What a measured program says at its end. */
export function print(/** @type {object} */ result) {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
