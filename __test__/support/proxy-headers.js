// Headers of the PROXY protocol, made by hand.

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const FAMILIES = { none: 0x00, tcp4: 0x11, udp4: 0x12, tcp6: 0x21, unix: 0x31 }

/** Of version 2: command and family as numbers or names, and what follows. */
export function binaryHeader(command, family, payload = Buffer.alloc(0)) {
  const fixed = Buffer.alloc(4)
  fixed[0] = { local: 0x20, proxy: 0x21 }[command] ?? command
  fixed[1] = FAMILIES[family] ?? family
  fixed.writeUInt16BE(payload.length, 2)
  return Buffer.concat([SIGNATURE, fixed, payload])
}

/** The two ends of an IPv4 connection, and extensions: pairs of a type and a value. */
export function tcp4Header(source, destination, extensions = []) {
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(source.port, 0)
  ports.writeUInt16BE(destination.port, 2)
  const addresses = [source, destination].map(({ address }) => Buffer.from(address.split('.')))
  const rest = extensions.map(([type, value]) => {
    const head = Buffer.from([type, 0, 0])
    head.writeUInt16BE(value.length, 1)
    return Buffer.concat([head, Buffer.from(value)])
  })
  return binaryHeader('proxy', 'tcp4', Buffer.concat([...addresses, ports, ...rest]))
}

/** The same for the two paths of a Unix domain socket. */
export function unixHeader(source, destination) {
  const payload = Buffer.alloc(216)
  payload.write(source, 0)
  payload.write(destination, 108)
  return binaryHeader('proxy', 'unix', payload)
}
