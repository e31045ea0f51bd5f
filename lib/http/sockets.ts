export { createConnection as connect } from '../net/create_connection.js';
export { Socket } from '../net/socket.js';
