// A network of its own: what else runs on this machine holds ports, answers or filters, and some of the
// tests look at that. And /etc/hosts with both addresses of localhost, which those for IPv6 need.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

const INSIDE = 'KEVENT_COMPAT_NAMESPACE';
const ENTER = 'ip link set lo up && mount --bind "$0" /etc/hosts && exec "$@"';

/**
 * Runs this program again in a network namespace that has nothing but loopback.
 *
 * @returns {{status: number} | {without: string} | {}} how that ended; why there is none; or nothing: we
 *   are inside
 */
export function enterNamespace() {
  if (process.env[INSIDE] !== undefined) return {};
  if (process.getuid?.() !== 0) return { without: 'only root can make a network namespace' };
  const unshare = ['--net', '--mount', 'sh', '-c', 'ip link set lo up'];
  if (spawnSync('unshare', unshare).status !== 0) return { without: 'unshare or ip do not work here' };

  const folder = mkdtempSync(join(tmpdir(), 'kevent-compat-'));
  const hosts = join(folder, 'hosts');
  writeFileSync(hosts, `127.0.0.1 localhost\n::1 localhost\n127.0.0.1 ${hostname()}\n`);
  const again = [hosts, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status } = spawnSync('unshare', ['--net', '--mount', 'sh', '-c', ENTER, ...again], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  });
  rmSync(folder, { recursive: true });
  return { status: status ?? 1 };
}
