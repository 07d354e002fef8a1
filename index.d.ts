/// <reference types="node" />

export * from './types/http-parser.js'
export * from './types/http-server.js'
export * from './types/inbound-tcp-socket.js'
export * from './types/observability.js'
export * from './types/response.js'
export * from './types/server-options.js'
