import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A real pipe of which both ends are ours. */
export class Fifo {
  readonly fd: number;
  readonly #directory = mkdtempSync(path.join(tmpdir(), 'kevent-fifo-'));

  constructor() {
    const name = path.join(this.#directory, 'fifo');
    execFileSync('mkfifo', [name]);
    this.fd = openSync(name, constants.O_RDWR | constants.O_NONBLOCK);
  }

  write(text: string): void {
    writeSync(this.fd, text);
  }

  drain(): void {
    readSync(this.fd, Buffer.alloc(65536));
  }

  close(): void {
    closeSync(this.fd);
    rmSync(this.#directory, { recursive: true });
  }
}
