/** What was typed cannot be done: said with a hint at --help, and exit status 2. */
export class UsageError extends Error {}
