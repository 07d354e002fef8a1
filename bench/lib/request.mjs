// The very bytes of a workload's request.
import { bytes } from '../servers/plain-handlers.mjs'

export function requestBytes(workload, port) {
  const { bodySize, headers, method, path } = workload
  const fields = { Host: `127.0.0.1:${port}`, ...headers }
  if (bodySize > 0) fields['Content-Length'] = bodySize
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  const head = Buffer.from([`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'), 'latin1')
  return bodySize > 0 ? Buffer.concat([head, bytes(bodySize)]) : head
}
