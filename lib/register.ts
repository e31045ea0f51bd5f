/**
 * `node --import kevent/register app.js`: the servers of a program that is not to be edited are on the kevent loop:
 * those of node:net, node:http, node:https, node:http2 and node:tls, whoever makes them. `KEVENT_REGISTER=0` in the
 * environment switches it off. Where kevent does not run there is one warning, and the program is left alone.
 *
 * No export of Node's is replaced, so it does not matter how or when a program imports them. What it connects to stays
 * Node's own, as do the pipes of child processes, the inspector, `fetch`, servers with `pauseOnConnect`, whose
 * connections are to be sent to other processes, and what the primary of a cluster listens on for its workers.
 *
 * @example
 * ```sh
 * node --import kevent/register app.js
 * NODE_OPTIONS='--import kevent/register' npm start
 * ```
 *
 * @remarks
 * Not promised: that a connection is `instanceof net.Socket`, or can be sent to another process. It has the methods,
 * properties and events of one.
 *
 * @module kevent/register
 */
import { registerServers } from './register/servers.js';

if (process.env['KEVENT_REGISTER'] !== '0') registerServers();
