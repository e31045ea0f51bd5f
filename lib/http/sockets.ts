export { createConnection as connect, Socket } from '../net/socket.js';
