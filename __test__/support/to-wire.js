// What a server sends for a Response, asked as another copy of milouv would.

export const toWire = (response) => response[Symbol.for('milouv.toWire.1')]()
