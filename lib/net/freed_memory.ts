import { Buffer } from 'node:buffer';

/** What V8 lets chunks amount to until it collects them. */
const KEPT = 32 * 1024 * 1024;

let isKept = false;

/**
 * Has malloc keep up to 32 MiB of what is freed. A garbage collection frees hundreds of large chunks at once, and those at the
 * end of the heap go back to the kernel, to come again page by page with the next chunks: that costs more than to
 * receive them. Beyond how much they go is twice the size of the largest mapping that was ever freed, as mallopt(3) says of
 * M_MMAP_THRESHOLD, unless the environment has set it: this is one, and its pages are never touched.
 */
export function keepFreedMemory(): void {
  if (isKept) return;
  isKept = true;
  try {
    Buffer.allocUnsafeSlow(KEPT / 2);
  } catch {
    // There is none left: then it is not the time to keep any.
  }
}
